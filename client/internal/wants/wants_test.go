package wants

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/shoal-bt/shoal/client/internal/selection"
	"github.com/shoal-bt/shoal/metainfo"
	"github.com/shoal-bt/shoal/resume"
	"github.com/shoal-bt/shoal/swarm"
)

// threeFiles returns a torrent of three files, each with a piece of its own.
func threeFiles(t *testing.T) *metainfo.Info {
	t.Helper()
	const size = 16 << 10
	var files strings.Builder
	for _, name := range []string{"a", "b", "c"} {
		fmt.Fprintf(&files, "d6:lengthi%de4:pathl1:%see", size, name)
	}
	info, err := metainfo.ParseInfo([]byte(fmt.Sprintf("d5:filesl%se4:name1:n12:piece lengthi%de6:pieces60:%se", files.String(), size, strings.Repeat("x", 60))))
	require.NoError(t, err)
	return info
}

// TestChoose has the options count more than the record, and that more than the link.
func TestChoose(t *testing.T) {
	link := &metainfo.Magnet{Select: []metainfo.Range{{First: 0, Last: 0}}}
	at := time.Unix(5, 0)
	record := resume.Selection{Files: []uint8{0, 7, 0}, Deadlines: map[int]time.Time{2: at}, Sequential: true}
	options := func(p []uint8, err error) func(*metainfo.Info) ([]uint8, error) {
		return func(*metainfo.Info) ([]uint8, error) { return p, err }
	}
	for _, test := range []struct {
		name     string
		choice   Choice
		pieces   []uint8 // nil for all
		warns    bool
		inEngine resume.Selection
	}{
		{name: "nothing"},
		{name: "a link", choice: Choice{Link: link}, pieces: []uint8{4, 0, 0}},
		{name: "a record", choice: Choice{Link: link, Record: record}, pieces: []uint8{0, 7, 1}, inEngine: record},
		{name: "a record of another torrent", choice: Choice{Link: link, Record: resume.Selection{Files: []uint8{0}}}, pieces: []uint8{4, 0, 0}},
		{name: "options", choice: Choice{Link: link, Record: record, Priorities: options([]uint8{1, 2, 3}, nil)}, pieces: []uint8{1, 2, 3}},
		{name: "options that say nothing", choice: Choice{Link: link, Priorities: options(nil, nil)}, pieces: []uint8{4, 0, 0}},
		{name: "a link to nothing", choice: Choice{Link: &metainfo.Magnet{Select: []metainfo.Range{{First: 3, Last: 9}}}}, warns: true},
		{name: "orders", choice: Choice{Sequential: true, FirstLast: true}, pieces: []uint8{7, 7, 7}, inEngine: resume.Selection{Sequential: true}},
	} {
		t.Run(test.name, func(t *testing.T) {
			var w Wants
			var warned error
			inEngine, err := w.Choose(test.choice, threeFiles(t), func(err error) { warned = err })
			require.NoError(t, err)
			require.Equal(t, test.pieces, w.Pieces())
			require.Equal(t, test.inEngine, inEngine)
			require.Equal(t, test.warns, errors.Is(warned, ErrSelectsNothing))
		})
	}
	var w Wants
	broken := errors.New("broken")
	_, err := w.Choose(Choice{Priorities: options(nil, broken)}, threeFiles(t), nil)
	require.ErrorIs(t, err, broken)
	_, err = w.Choose(Choice{Priorities: options([]uint8{1, 2}, nil)}, threeFiles(t), nil)
	require.ErrorAs(t, err, new(*selection.RangeError))
}

// TestAreHeld counts only pieces that are wanted.
func TestAreHeld(t *testing.T) {
	var w Wants
	info := threeFiles(t)
	held := swarm.NewBitfield(3)
	held.Set(1)
	require.False(t, w.AreHeld(held, 3))
	require.True(t, w.HasPiece(2, 3))
	require.False(t, w.HasPiece(3, 3))
	runs, toggled, err := w.Change(info, func(s *selection.Selection) ([]selection.Run, error) { return s.SetFiles([]int{0, 4, 0}) })
	require.NoError(t, err)
	require.Len(t, runs, 2)
	require.Equal(t, selection.Toggled{Unwanted: true}, toggled)
	require.True(t, w.AreHeld(held, 3))
	require.False(t, w.HasPiece(2, 3))
	has := w.Has(info.Files())
	require.True(t, has(info.Entries[1].Path))
	require.False(t, has(info.Entries[0].Path))
	require.True(t, has("elsewhere"))
	require.Len(t, w.FilesOf(info.Files()), 1)
}
