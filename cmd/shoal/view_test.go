package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/shoal-bt/shoal/engine"
	"github.com/shoal-bt/shoal/swarm"
)

// half is a torrent of which the first half is held.
func half(pieces int) view {
	have := swarm.NewBitfield(pieces)
	for i := range pieces / 2 {
		have.Set(i)
	}
	length := int64(pieces) << 20
	return view{
		name: "a film with a rather long name.mkv", length: length, have: have, down: 4 << 20, up: 1 << 20,
		stats: engine.Stats{Phase: engine.PhaseRunning, Pieces: pieces, Held: pieces / 2, Length: length, Left: length / 2, Peers: 3, Seeds: 1},
	}
}

func TestPieceMap(t *testing.T) {
	v := half(10)
	require.Equal(t, "##########..........", style{}.pieceMap(v.have, 10, 20))
	require.Equal(t, "#####.....", style{}.pieceMap(v.have, 10, 10))
	require.Equal(t, "##=..", style{}.pieceMap(v.have, 10, 5))
	require.Equal(t, "██▒··", style{unicode: true}.pieceMap(v.have, 10, 5))
	require.Empty(t, style{}.pieceMap(nil, 0, 5))
	require.Empty(t, style{}.pieceMap(v.have, 10, 0))
	colored := style{color: true}.pieceMap(v.have, 10, 5)
	require.Equal(t, 5, width(colored))
	require.Equal(t, 3, strings.Count(colored, "\x1b[0m"), "a run has one colour")

	one := swarm.NewBitfield(1000)
	one.Set(999)
	require.Equal(t, ".........-", style{}.pieceMap(one, 1000, 10), "one piece shows")
	one.SetAll(1000)
	one.Clear(0)
	require.Equal(t, "+#########", style{}.pieceMap(one, 1000, 10), "and so does one that is missing")
}

func TestMultiLine(t *testing.T) {
	require.Equal(t, []string{
		"a film with a rather long name.mkv  100.0 MiB",
		strings.Repeat("#", 40) + strings.Repeat(".", 39),
		"50.0%  down 4.0 MiB/s  ETA 0:13  3 peers (1 seed)  up 1.0 MiB/s",
	}, half(100).multiLine(style{}, 80))
	for columns := range 120 {
		for _, line := range half(5000).multiLine(style{unicode: true, color: true}, columns) {
			require.LessOrEqual(t, width(line), max(columns-1, 10)+20, "%d columns: %s", columns, line)
			if columns > 30 {
				require.Less(t, width(line), columns)
			}
		}
	}
	require.Len(t, half(5000).multiLine(style{}, 80), 2+mapRows)
}

func TestLegend(t *testing.T) {
	const legend = "map of pieces: . none here  - = + some here  # all here"
	require.Equal(t, legend, style{}.legend())
	lines := screen([]view{half(100)}, style{}, 80, legendRows)
	require.Equal(t, legend, lines[len(lines)-1], "below the figures, so that a short window loses it first")
	require.NotContains(t, screen([]view{half(100)}, style{}, 80, legendRows-1), legend)
	v := half(100)
	v.stats.Held, v.stats.Left = 100, 0
	require.NotContains(t, screen([]view{v}, style{}, 80, 24), legend, "there is no map")
	picture, err := os.ReadFile("../get.svg")
	require.NoError(t, err)
	require.Contains(t, string(picture), ">"+style{unicode: true}.legend()+"<", "draw cmd/get.svg again: internal/house/termpicture")
}

func TestStates(t *testing.T) {
	v := half(100)
	require.Equal(t, "downloading", v.state())
	v.stats.Peers = 0
	require.Equal(t, "looking for peers", v.state())
	require.Contains(t, v.text(), "looking for peers")
	v.stats.Phase, v.stats.Checked, v.stats.ToCheck = engine.PhaseChecking, 25, 50
	require.Equal(t, "checking", v.state())
	require.Equal(t, 0.5, v.share())
	require.Contains(t, v.text(), "25 of 50 pieces")
	v.stats.Phase = engine.PhaseFailed
	require.Equal(t, "failed", v.state())
	v.stats.Phase = engine.PhasePaused
	require.Equal(t, "paused", v.state())
	v.stats.Phase, v.stats.Held, v.stats.Left = engine.PhaseRunning, 100, 0
	require.Equal(t, "seeding", v.state())
	require.EqualValues(t, 1, v.share())
}

func TestScreenOfMany(t *testing.T) {
	var views []view
	for i := range 50 {
		v := half(100)
		v.name = fmt.Sprintf("torrent %d", i)
		views = append(views, v)
	}
	lines := screen(views, style{}, 80, 12)
	require.Len(t, lines, 10)
	require.Equal(t, "and 41 more", lines[9])
	require.True(t, strings.HasPrefix(lines[8], "torrent 8"))
	require.Len(t, screen(views[:2], style{}, 80, 24), 2)
}

func TestErrorsAreReportedOnce(t *testing.T) {
	full := func(op string) error { return fmt.Errorf("%s: %w", op, syscall.ENOSPC) }
	s := &session{items: []*item{{}, {err: full("write")}}}
	require.True(t, s.alreadyReported(full("closing")))
	require.False(t, s.alreadyReported(nil))
	require.False(t, s.alreadyReported(errors.New("other")))
	require.False(t, s.alreadyReported(fs.ErrPermission))
	require.False(t, (&session{items: []*item{{}}}).alreadyReported(full("closing")))
}
