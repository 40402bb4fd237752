package progress

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/shoal-bt/shoal/cmd/shoal/internal/terminal"
	"github.com/shoal-bt/shoal/engine"
	"github.com/shoal-bt/shoal/swarm"
)

// half is a torrent of which the first half is held.
func half(pieces int) View {
	have := swarm.NewBitfield(pieces)
	for i := range pieces / 2 {
		have.Set(i)
	}
	length := int64(pieces) << 20
	return View{
		Name: "a film with a rather long name.mkv", Length: length, Have: have, Measured: true, Down: 4 << 20, Up: 1 << 20,
		Stats: engine.Stats{Phase: engine.PhaseRunning, Pieces: pieces, Held: pieces / 2, Length: length, Left: length / 2, Wanted: pieces, WantedHeld: pieces / 2, WantedLength: length, WantedLeft: length / 2, Peers: 3, Seeds: 1},
	}
}

func TestPieceMap(t *testing.T) {
	v := half(10)
	require.Equal(t, "##########..........", pieceMap(terminal.Style{}, v.Have, 10, 20))
	require.Equal(t, "#####.....", pieceMap(terminal.Style{}, v.Have, 10, 10))
	require.Equal(t, "##=..", pieceMap(terminal.Style{}, v.Have, 10, 5))
	require.Equal(t, "██▒··", pieceMap(terminal.Style{Unicode: true}, v.Have, 10, 5))
	require.Empty(t, pieceMap(terminal.Style{}, nil, 0, 5))
	require.Empty(t, pieceMap(terminal.Style{}, v.Have, 10, 0))
	colored := pieceMap(terminal.Style{Color: true}, v.Have, 10, 5)
	require.Equal(t, 5, terminal.Width(colored))
	require.Equal(t, 3, strings.Count(colored, "\x1b[0m"), "a run has one colour")

	one := swarm.NewBitfield(1000)
	one.Set(999)
	require.Equal(t, ".........-", pieceMap(terminal.Style{}, one, 1000, 10), "one piece shows")
	one.SetAll(1000)
	one.Clear(0)
	require.Equal(t, "+#########", pieceMap(terminal.Style{}, one, 1000, 10), "and so does one that is missing")
}

func TestMultiLine(t *testing.T) {
	require.Equal(t, []string{
		"a film with a rather long name.mkv  100.0 MiB",
		strings.Repeat("#", 40) + strings.Repeat(".", 39),
		"50.0%  down 4.0 MiB/s  ETA 0:13  3 peers (1 seed)  up 1.0 MiB/s",
	}, half(100).multiLine(terminal.Style{}, 80, mapRows))
	for columns := range 120 {
		for _, line := range half(5000).multiLine(terminal.Style{Unicode: true, Color: true}, columns, mapRows) {
			require.LessOrEqual(t, terminal.Width(line), max(columns-1, 10)+20, "%d columns: %s", columns, line)
			if columns > 30 {
				require.Less(t, terminal.Width(line), columns)
			}
		}
	}
	require.Len(t, half(5000).multiLine(terminal.Style{}, 80, mapRows), 2+mapRows)
}

// A short window shows the figures, and less of the map.
func TestShortWindow(t *testing.T) {
	all := half(5000).multiLine(terminal.Style{}, 80, mapRows)
	for rows := 3; rows < 8; rows++ {
		lines := Draw([]View{half(5000)}, terminal.Style{}, 80, rows)
		require.Len(t, lines, min(rows-1, 2+mapRows))
		require.Equal(t, all[len(all)-1], lines[len(lines)-1])
	}
}

func TestLegend(t *testing.T) {
	const want = "map of pieces: . none here  - = + some here  # all here"
	require.Equal(t, want, legend(terminal.Style{}))
	lines := Draw([]View{half(100)}, terminal.Style{}, 80, legendRows)
	require.Equal(t, want, lines[len(lines)-1], "below the figures, so that a short window loses it first")
	require.NotContains(t, Draw([]View{half(100)}, terminal.Style{}, 80, legendRows-1), want)
	v := half(100)
	v.Stats.Held, v.Stats.Left, v.Stats.WantedHeld, v.Stats.WantedLeft = 100, 0, 100, 0
	require.NotContains(t, Draw([]View{v}, terminal.Style{}, 80, 24), want, "there is no map")
	picture, err := os.ReadFile("../../../get.svg")
	require.NoError(t, err)
	require.Contains(t, string(picture), ">"+legend(terminal.Style{Unicode: true})+"<", "draw cmd/get.svg again: internal/house/termpicture")
}

func TestStates(t *testing.T) {
	v := half(100)
	require.Equal(t, "downloading", v.State())
	v.Stats.Peers = 0
	require.Equal(t, "looking for peers", v.State())
	require.Contains(t, v.Text(), "looking for peers")
	v.Stats.Phase, v.Stats.Checked, v.Stats.ToCheck = engine.PhaseChecking, 25, 50
	require.Equal(t, "checking", v.State())
	require.Equal(t, 0.5, v.Share())
	require.Contains(t, v.Text(), "25 of 50 pieces")
	v.Stats.Phase = engine.PhaseFailed
	require.Equal(t, "failed", v.State())
	v.Stats.Phase = engine.PhasePaused
	require.Equal(t, "paused", v.State())
	v.Stats.Phase, v.Stats.Held, v.Stats.Left, v.Stats.WantedHeld, v.Stats.WantedLeft = engine.PhaseRunning, 100, 0, 100, 0
	require.Equal(t, "writing to disk", v.State())
	require.Contains(t, v.Text(), "writing to disk")
	v.Done = true
	require.Equal(t, "seeding", v.State())
	require.EqualValues(t, 1, v.Share())
}

// Pads are no content, so a torrent of which nothing is held begins at nothing.
func TestShareWithPads(t *testing.T) {
	v := half(100)
	v.Stats.Length += 50 << 20
	require.Equal(t, 0.5, v.Share())
	v.Stats.Left = v.Length
	require.Zero(t, v.Share())
	require.Contains(t, v.Text(), "0 B of 100.0 MiB")
}

func TestScreenOfMany(t *testing.T) {
	var views []View
	for i := range 50 {
		v := half(100)
		v.Name = fmt.Sprintf("torrent %d", i)
		views = append(views, v)
	}
	lines := Draw(views, terminal.Style{}, 80, 20)
	require.Len(t, lines, 10)
	require.Equal(t, "and 41 more", lines[9])
	require.True(t, strings.HasPrefix(lines[8], "torrent 8"))
	require.Len(t, Draw(views[:2], terminal.Style{}, 80, 24), 2)
}

// Of a torrent of which a part is wanted, figures, map and states are about that part.
func TestPartIsWanted(t *testing.T) {
	v := half(100)
	v.Wanted = swarm.NewBitfield(100)
	for i := 40; i < 60; i++ {
		v.Wanted.Set(i)
	}
	v.Stats.Wanted, v.Stats.WantedHeld, v.Stats.WantedLength, v.Stats.WantedLeft = 20, 10, 20<<20, 10<<20
	require.Equal(t, 0.5, v.Share())
	require.Equal(t, []string{
		"a film with a rather long name.mkv  20.0 MiB of 100.0 MiB wanted",
		strings.Repeat("#", 40) + strings.Repeat(".", 39),
		"50.0%  down 4.0 MiB/s  ETA 0:03  3 peers (1 seed)  up 1.0 MiB/s",
	}, v.multiLine(terminal.Style{}, 80, mapRows))
	require.Contains(t, v.Text(), ", 10.0 MiB of 20.0 MiB wanted")
	o := v.Object("id")
	require.Equal(t, []any{0.5, int64(50 << 20), int64(20 << 20), int64(10 << 20), int64(3)}, []any{o.Share, o.Left, o.Wanted, o.Missing, *o.ETA})

	v.Stats.WantedHeld, v.Stats.WantedLeft = 20, 0
	require.True(t, v.Writing())
	require.EqualValues(t, 1, v.Share())
	v.Done = true
	require.Equal(t, "seeding", v.State())
	require.Nil(t, v.Object("id").ETA)
	require.Contains(t, v.Text(), "seeding, up 1.0 MiB/s, 3 peers, sent 0 B")
	require.Len(t, v.multiLine(terminal.Style{}, 80, mapRows), 2, "there is no map")
}
