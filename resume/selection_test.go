package resume

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/shoal-bt/shoal/bencode"
)

func someSelection() Selection {
	return Selection{
		Files:      []uint8{0, 7, 4},
		Pieces:     []PriorityRun{{3, 9, 1}, {0, 0, 7}},
		Deadlines:  map[int]time.Time{5: time.Unix(1700000000, 7), 0: time.Unix(-1, 0)},
		Sequential: true,
		FirstLast:  true,
	}
}

func TestSelection(t *testing.T) {
	require.True(t, Selection{}.IsZero())
	one := Record{Swarms: full().Swarms, PieceLength: 1}
	for _, s := range []Selection{
		{}, someSelection(), {Files: []uint8{}}, {Files: []uint8{4}}, {Pieces: []PriorityRun{{1, 1, 0}}},
		{Deadlines: map[int]time.Time{1: noon}}, {Sequential: true}, {FirstLast: true},
	} {
		r := one
		r.Totals.Selection = s
		back := reload(t, r).Totals.Selection
		require.Equal(t, s, back)
		require.Equal(t, s.IsZero(), back.IsZero())
	}
}

// reload encodes r and decodes it again.
func reload(t *testing.T, r Record) Record {
	t.Helper()
	back, err := decode(encode(r))
	require.NoError(t, err)
	return back
}

// What is wrong in a selection costs the selection, and nothing else of the record.
func TestSelectionThatIsNotValid(t *testing.T) {
	for _, s := range []Selection{
		{Files: []uint8{8}},
		{Pieces: []PriorityRun{{2, 1, 4}}},
		{Pieces: []PriorityRun{{-1, 1, 4}}},
		{Pieces: []PriorityRun{{0, math.MaxInt32, 4}}},
		{Pieces: []PriorityRun{{0, 1, 8}}},
		{Deadlines: map[int]time.Time{-1: noon}},
	} {
		s.Sequential = true
		r := full()
		r.Totals.Selection = s
		want := full()
		want.Totals.Selection = Selection{}
		back, err := decode(encode(r))
		require.NoError(t, err)
		require.Equal(t, encode(want), encode(back), "%v", s)
	}
	for _, garbage := range []string{
		"i1e", "le", "3:abc", "d5:filesi1ee", "d6:piecesi1ee", "d6:piecesli1eee", "d6:piecesli1ei2ei999999999999eee",
		"d6:piecesl1:a1:b1:cee", "d9:deadlinesli1ei2eee", "d9:deadlinesli-1ei2ei3eee", "d10:sequential0:e", "d10:first lastlee",
		"d6:piecesli99999999999999999999ei1ei1eee",
	} {
		v, err := bencode.Scan([]byte("d9:selection"+garbage+"e"), bencode.Options{})
		if err == nil {
			require.True(t, selection(v).IsZero(), garbage)
		}
	}
}
