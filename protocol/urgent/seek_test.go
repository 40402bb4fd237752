package urgent

import (
	"testing"
	"time"

	"github.com/shoal-bt/shoal/protocol/standin"
	"github.com/shoal-bt/shoal/protocol/wanted"
	"github.com/shoal-bt/shoal/swarm"
	"github.com/stretchr/testify/require"
)

var start = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// A user is somebody who seeks.
type user struct {
	Seek
	w    *wanted.Pieces
	held swarm.Bitfield
}

func newUser() *user {
	geo := &swarm.Geometry{Length: 1 << 20, PieceLength: 1 << 16}
	held := swarm.NewBitfield(geo.Pieces())
	return &user{w: wanted.New(geo, nil, held), held: held}
}

// change changes deadlines, given in seconds from the start; negative for none.
func (u *user) change(now time.Time, seconds map[int]int) {
	var all []wanted.Deadline
	for piece, s := range seconds {
		d := wanted.Deadline{Piece: piece}
		if s >= 0 {
			d.At = start.Add(time.Duration(s) * time.Second)
		}
		all = append(all, d)
	}
	u.Note(now, all, u.w, u.held)
	u.w.SetDeadlines(all, u.held, standin.Picker{})
}

func (u *user) has(pieces ...int) bool {
	return u.NeedsOf(u.w, func(piece int) bool {
		for _, p := range pieces {
			if p == piece {
				return true
			}
		}
		return false
	})
}

// Only a piece that is needed soon, and was not before, makes requests worth cancelling.
func TestWhatCancels(t *testing.T) {
	u := newUser()
	u.held.Set(9)
	u.change(start, map[int]int{3: 60, 9: 0})
	require.False(t, u.MustCancel(start), "far, or held")
	u.change(start, map[int]int{3: 1})
	require.False(t, u.MustCancel(start), "it had a deadline, so its blocks were requested before others")
	u.change(start, map[int]int{3: -1, 4: 1})
	require.True(t, u.MustCancel(start))
	require.True(t, u.has(4))
	require.False(t, u.has(3, 5))
	u.change(start, map[int]int{4: -1})
	require.False(t, u.has(4), "it is not needed any more")
	u.Cancelled(start, 7)
	require.False(t, u.MustCancel(start))
}

// However often a user seeks, requests are cancelled twice a second at most, and not later than
// that.
func TestSeeksThatFollowEachOther(t *testing.T) {
	u := newUser()
	cancelled := 0
	for i := range 3000 {
		now := start.Add(time.Duration(i) * time.Millisecond)
		piece := i % 2
		u.change(now, map[int]int{piece: 0, 1 - piece: -1})
		require.Less(t, len(u.fresh)+len(u.left), 5)
		if u.MustCancel(now) {
			u.Cancelled(now, 100)
			cancelled++
		}
	}
	require.Equal(t, 6, cancelled)
	now := start.Add(4 * time.Second)
	u.Cancelled(now, 0)
	u.change(now, map[int]int{5: 3})
	require.True(t, u.MustCancel(now), "nothing was cancelled the last time")
}

// What a seek left is written after a moment, unless it is still coming or needed again.
func TestWhatIsLeft(t *testing.T) {
	u := newUser()
	u.change(start, map[int]int{1: 60, 2: 60, 3: 60})
	require.True(t, u.NextDeadline().IsZero())
	u.change(start, map[int]int{1: -1, 2: -1, 3: -1, 4: -1})
	due := start.Add(time.Second)
	require.Equal(t, due, u.NextDeadline())
	require.False(t, u.MustWrite(due.Add(-1)))
	require.True(t, u.MustWrite(due))
	u.change(start, map[int]int{2: 60})
	require.True(t, u.Left(u.w, 1))
	require.False(t, u.Left(u.w, 2))
	require.False(t, u.Left(u.w, 4), "it had no deadline")
	u.Written(due, func(piece int) bool { return piece == 3 })
	require.False(t, u.Left(u.w, 1))
	require.True(t, u.Left(u.w, 3))
	require.Equal(t, due.Add(time.Second), u.NextDeadline())
	u.Written(due, func(int) bool { return false })
	require.True(t, u.NextDeadline().IsZero())
}

// While a piece is needed soon, peers are asked ten times a second.
func TestAskAgain(t *testing.T) {
	var k Seek
	k.ScheduleAsk(start, false)
	require.True(t, k.NextDeadline().IsZero())
	k.ScheduleAsk(start, true)
	due := start.Add(100 * time.Millisecond)
	require.Equal(t, due, k.NextDeadline())
	k.ScheduleAsk(due.Add(-1), true)
	require.Equal(t, due, k.NextDeadline())
	require.True(t, k.MustAsk(due))
	k.ScheduleAsk(due, true)
	require.Equal(t, due.Add(100*time.Millisecond), k.NextDeadline())
	k.ScheduleAsk(due, false)
	require.True(t, k.NextDeadline().IsZero())
}

// Somebody reads while deadlines are set, and for a while after that.
func TestIsReading(t *testing.T) {
	u := newUser()
	require.False(t, u.IsReading(start))
	u.change(start, map[int]int{3: 60})
	require.True(t, u.IsReading(start.Add(29*time.Second)))
	u.change(start.Add(29*time.Second), map[int]int{3: -1})
	require.False(t, u.IsReading(start.Add(30*time.Second)), "it was taken back")
}
