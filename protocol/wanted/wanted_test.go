package wanted

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/shoal-bt/shoal/swarm"
	"github.com/shoal-bt/shoal/swarm/pickertest"
)

// geo has a short last piece.
var geo = &swarm.Geometry{Length: 9<<15 + 100, PieceLength: 1 << 15}

// count is what Figures must be, counted from scratch.
func count(w *Pieces, held swarm.Bitfield) (f Figures) {
	for i := range geo.Pieces() {
		if !w.Has(i) {
			continue
		}
		f.Count++
		f.Length += int64(geo.PieceLen(i))
		if !held.Has(i) {
			f.Missing++
			f.Left += int64(geo.PieceLen(i))
		}
	}
	return f
}

// Whatever changes, the figures are those of what is wanted, no piece that is held or not
// wanted has a deadline, and a picker knows all of it, a new one too.
func TestFiguresFollow(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	n := geo.Pieces()
	for range 50 {
		held := swarm.NewBitfield(n)
		given := make([]uint8, n)
		for i := range given {
			given[i] = uint8(r.IntN(8))
			if r.IntN(2) == 0 {
				held.Set(i)
			}
		}
		before := append([]uint8(nil), given...)
		w := New(geo, given, held)
		live := pickertest.NewShuffled(*geo, 1)
		for i := range n {
			if held.Has(i) {
				live.Held(i)
			}
		}
		w.Teach(live)
		for range 100 {
			piece := r.IntN(n)
			switch r.IntN(5) {
			case 0:
				if !held.Has(piece) {
					held.Set(piece)
					w.Hold(piece)
					live.Held(piece)
				}
			case 1:
				if held.Has(piece) {
					held.Clear(piece)
					w.Lose(piece)
					live.Lose(piece, nil)
				}
			case 2:
				old := w.Priorities(n)
				last := piece + r.IntN(n-piece)
				priority := uint8(r.IntN(8))
				differs := false
				for i := piece; i <= last; i++ {
					differs = differs || old[i] != priority
					old[i] = priority
				}
				require.Equal(t, differs, w.Set([]Run{{piece, last, priority}}, held, live))
				require.Equal(t, old, w.Priorities(n))
			case 3:
				was := w.Has(piece)
				raised := w.SetDeadline(piece, time.Unix(int64(r.IntN(100)+1), 0), held, live)
				require.Equal(t, !was && !held.Has(piece), raised)
			case 4:
				w.SetDeadline(piece, time.Time{}, held, live)
			}
			require.Equal(t, count(w, held), w.Figures(Figures{}))
			for i := range w.Deadlines() {
				require.True(t, w.Has(i) && !held.Has(i), "piece %d has a deadline", i)
			}
		}
		require.Equal(t, before, given, "the caller's slice was changed")
		if r.IntN(3) == 0 {
			w.ClearDeadlines(live)
		}
		w.SetSequential(r.IntN(2) == 0, live)
		l := pickertest.NewShuffled(*geo, 1)
		for i := range n {
			if held.Has(i) {
				l.Held(i)
			}
		}
		w.Teach(l)
		for _, p := range []*pickertest.Lowest{l, live} {
			for i := range n {
				require.Equal(t, w.Priority(i), p.Priority(i))
				require.True(t, w.Deadlines()[i].Equal(p.Deadline(i)))
			}
			require.Equal(t, w.Sequential(), p.IsSequential())
		}
	}
}

// A torrent of which everything is wanted alike needs no Pieces.
func TestNil(t *testing.T) {
	var w *Pieces
	all := Figures{1, 2, 3, 4}
	require.Equal(t, all, w.Figures(all))
	require.Equal(t, Default, w.Priority(3))
	require.True(t, w.Has(3))
	require.False(t, w.Sequential())
	require.Equal(t, []uint8{4, 4}, w.Priorities(2))
	require.Empty(t, w.Deadlines())
	w.ClearDeadlines(nil)
	w.Hold(1)
	w.Lose(1)
	w.Teach(pickertest.NewLowest(*geo))
	require.Equal(t, Figures{Count: geo.Pieces(), Missing: geo.Pieces(), Length: geo.Length, Left: geo.Length}, New(geo, nil, nil).Figures(all))
	require.Equal(t, geo.Length, Length(geo))
	require.EqualValues(t, 100+1<<15, Length(&swarm.Geometry{
		Length:      3 << 15,
		PieceLength: 1 << 15,
		Short:       true,
		Pads:        []swarm.Span{{Offset: 100, Length: 1<<15 - 100}, {Offset: 2 << 15, Length: 1 << 15}},
	}))
}

// A picker that takes no orders gets none.
func TestTeachesWhatThePickerCan(t *testing.T) {
	w := New(geo, nil, nil)
	plain := struct{ swarm.Picker }{pickertest.NewLowest(*geo)}
	w.SetSequential(true, plain)
	w.SetDeadline(1, time.Unix(1, 0), nil, plain)
	w.Set([]Run{{2, 3, 0}}, nil, plain)
	w.Teach(plain)
	require.Len(t, w.Deadlines(), 1)
	w.ClearDeadlines(plain)
	require.Empty(t, w.Deadlines())
	require.ErrorIs(t, AbilitiesOf(plain).Prioritize(), ErrNotPrioritizer)
	require.ErrorIs(t, AbilitiesOf(plain).Sequence(), ErrNotSequencer)
	require.NoError(t, AbilitiesOf(plain.Picker).Prioritize())
	require.NoError(t, AbilitiesOf(plain.Picker).Sequence())
	require.NotZero(t, AbilitiesOf(plain))
}
