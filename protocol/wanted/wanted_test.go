package wanted

import (
	"math/rand/v2"
	"slices"
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

// A user is a Pieces, what it must know, and a picker that hears of all changes.
type user struct {
	t    *testing.T
	r    *rand.Rand
	held swarm.Bitfield
	w    *Pieces
	live *pickertest.Lowest
}

func newUser(t *testing.T, r *rand.Rand, given []uint8) *user {
	u := &user{t: t, r: r, held: swarm.NewBitfield(geo.Pieces()), live: pickertest.NewShuffled(*geo, 1)}
	for i := range geo.Pieces() {
		if r.IntN(2) == 0 {
			u.held.Set(i)
			u.live.Held(i)
		}
	}
	u.w = New(geo, given, u.held)
	u.w.Teach(u.live)
	return u
}

// step changes something.
func (u *user) step() {
	piece := u.r.IntN(geo.Pieces())
	switch u.r.IntN(5) {
	case 0:
		if !u.held.Has(piece) {
			u.held.Set(piece)
			u.w.Hold(piece)
			u.live.Held(piece)
		}
	case 1:
		if u.held.Has(piece) {
			u.held.Clear(piece)
			u.w.Lose(piece)
			u.live.Lose(piece, nil)
		}
	case 2:
		u.prioritize(piece)
	case 3:
		was := u.w.Has(piece)
		raised := u.w.SetDeadlines([]Deadline{{piece, time.Unix(int64(u.r.IntN(100)+1), 0)}}, u.held, u.live)
		require.Equal(u.t, !was && !u.held.Has(piece), raised)
	case 4:
		u.w.SetDeadlines([]Deadline{{Piece: piece}}, u.held, u.live)
	}
}

func (u *user) prioritize(first int) {
	n := geo.Pieces()
	want := u.w.Priorities(n)
	last, priority, differs := first+u.r.IntN(n-first), uint8(u.r.IntN(8)), false
	for i := first; i <= last; i++ {
		differs = differs || want[i] != priority
		want[i] = priority
	}
	require.Equal(u.t, differs, u.w.Set([]Run{{first, last, priority}}, u.held, u.live))
	require.Equal(u.t, want, u.w.Priorities(n))
}

// Whatever changes, the figures are those of what is wanted, no piece that is held or not
// wanted has a deadline, and a picker knows all of it, a new one too.
func TestFiguresFollow(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	n := geo.Pieces()
	for range 50 {
		given := make([]uint8, n)
		for i := range given {
			given[i] = uint8(r.IntN(8))
		}
		before := slices.Clone(given)
		u := newUser(t, r, given)
		for range 100 {
			u.step()
			require.Equal(t, count(u.w, u.held), u.w.Figures(Figures{}))
			for i := range u.w.Deadlines() {
				require.True(t, u.w.Has(i) && !u.held.Has(i), "piece %d has a deadline", i)
			}
		}
		require.Equal(t, before, given, "the caller's slice was changed")
		if r.IntN(3) == 0 {
			u.w.ClearDeadlines(u.live)
		}
		u.w.SetSequential(r.IntN(2) == 0, u.live)
		u.requireTaught(u.live)
		fresh := pickertest.NewShuffled(*geo, 1)
		for i := range n {
			if u.held.Has(i) {
				fresh.Held(i)
			}
		}
		u.w.Teach(fresh)
		u.requireTaught(fresh)
	}
}

// requireTaught checks that a picker knows all of it.
func (u *user) requireTaught(p *pickertest.Lowest) {
	for i := range geo.Pieces() {
		require.Equal(u.t, u.w.Priority(i), p.Priority(i))
		require.True(u.t, u.w.Deadlines()[i].Equal(p.Deadline(i)))
	}
	require.Equal(u.t, u.w.Sequential(), p.IsSequential())
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
	w.SetDeadlines([]Deadline{{1, time.Unix(1, 0)}}, nil, plain)
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
