package budget

import (
	"testing"

	"github.com/shoal-bt/shoal/swarm"
	"github.com/stretchr/testify/require"
)

// A counted is a Quota that counts how often its two functions were called.
type counted struct {
	*Quota
	refilled, reclaimed int
}

func open(b *Budget) *counted {
	q := new(counted)
	q.Quota = b.Open(func() { q.refilled++ }, func() { q.reclaimed++ })
	return q
}

// reserveAll reserves until the Quota gets nothing more.
func (q *counted) reserveAll() {
	for q.Reserve(q.Units()) > 0 {
	}
}

// releaseAll gives everything back.
func (q *counted) releaseAll() { q.Release(q.Held()) }

// fill opens Quotas that hold so much that another one gets nothing.
func fill(b *Budget) (all []*counted) {
	for b.free > 1 {
		q := open(b)
		q.Reserve(b.units)
		all = append(all, q)
	}
	return all
}

func TestReserveLeavesUnitsForOthers(t *testing.T) {
	b := New(90 * swarm.BlockLen)
	first, second, third := open(b), open(b), open(b)
	require.Equal(t, 60, first.Reserve(1000), "a torrent alone gets two thirds")
	require.Equal(t, 20, second.Reserve(1000), "the next gets two thirds of the others")
	require.Equal(t, 6, third.Reserve(1000))
	require.Equal(t, 86, b.InUse())
	for _, q := range []*counted{first, second, third} {
		q.releaseAll()
	}
	require.Zero(t, b.InUse())
	require.Equal(t, 5, first.Reserve(5), "no more than it asked for")
	require.Equal(t, 5, first.Held())
	first.releaseAll()
}

func TestUnits(t *testing.T) {
	for bytes, want := range map[int64]int{
		0:                    0,
		swarm.BlockLen - 1:   0,
		swarm.BlockLen:       1,
		3*swarm.BlockLen + 1: 3,
	} {
		b := New(bytes)
		require.Equal(t, want, b.Units(), "%d bytes", bytes)
		require.Equal(t, want, open(b).Units(), "%d bytes", bytes)
		require.Zero(t, b.InUse())
	}
}

func TestReleaseRefillsAllWhoWait(t *testing.T) {
	b := New(64 * swarm.BlockLen)
	large, small, last := open(b), open(b), open(b)
	large.reserveAll()
	require.Equal(t, 1, large.reclaimed, "it holds most itself")
	small.reserveAll()
	last.reserveAll()
	large.releaseAll()
	require.Equal(t, []int{1, 1, 1}, []int{large.refilled, small.refilled, last.refilled}, "there are enough units for all who wait")
	last.releaseAll()
	require.Equal(t, 1, last.refilled, "nobody waits any more")
	small.releaseAll()
	for _, q := range []*counted{large, small, last} {
		q.Close()
	}
	require.Empty(t, b.holders)
}

// A torrent is not refilled for a single unit, because it would request blocks one by
// one; and those who wait come before others.
func TestReleaseRefillsInTheOrderOfWaiting(t *testing.T) {
	b := New(80 * swarm.BlockLen) // a refill is of 10 units
	holder := fill(b)[0]
	var waiting []*counted
	wait := func() {
		q := open(b)
		require.Zero(t, q.Reserve(1))
		waiting = append(waiting, q)
	}
	refills := func() (all []int) {
		for _, q := range waiting {
			all = append(all, q.refilled)
		}
		return all
	}
	wait()
	wait()
	holder.Release(9 - b.free)
	wait() // although there are units
	require.Equal(t, []int{0, 0, 0}, refills(), "9 units are too few")
	holder.Release(1)
	require.Equal(t, []int{1, 0, 0}, refills(), "10 are enough for one torrent")
	require.Zero(t, waiting[0].Reserve(1), "the others wait, and what is left is too little for two")
	holder.Release(20)
	require.Equal(t, []int{2, 1, 1}, refills(), "30 are enough for all three")
	require.Equal(t, 1, waiting[0].Reserve(1))
}

func TestReclaimAsksTheNextLargestIfOneHasNothing(t *testing.T) {
	b := New(64 * swarm.BlockLen)
	large, small := open(b), open(b)
	large.reserveAll()
	small.reserveAll()
	large.reclaimed, small.reclaimed = 0, 0
	large.asked, small.asked = false, false
	require.Zero(t, small.Reserve(1))
	require.Equal(t, []int{1, 0}, []int{large.reclaimed, small.reclaimed}, "the largest is asked first")
	large.Reclaimed(false)
	require.Equal(t, []int{1, 1}, []int{large.reclaimed, small.reclaimed}, "then the next")
	small.Reclaimed(false)
	require.Equal(t, []int{1, 1}, []int{large.reclaimed, small.reclaimed}, "there is nobody else to ask")
	require.Zero(t, small.Reserve(1))
	require.Equal(t, []int{2, 1}, []int{large.reclaimed, small.reclaimed}, "the next request asks all again")
	large.Reclaimed(true)
	large.releaseAll()
	small.releaseAll()
}

func TestReclaimAsksTheLargestAgainAfterItGave(t *testing.T) {
	b := New(64 * swarm.BlockLen)
	holders, other := fill(b), open(b)
	large, small := holders[0], holders[1]
	require.Zero(t, other.Reserve(1))
	require.Equal(t, []int{1, 0}, []int{large.reclaimed, small.reclaimed})
	large.Reclaimed(true)
	require.Zero(t, other.Reserve(1))
	require.Equal(t, []int{2, 0}, []int{large.reclaimed, small.reclaimed})
}

func TestTorrentWaitsOnce(t *testing.T) {
	b := New(64 * swarm.BlockLen)
	holders, other := fill(b), open(b)
	require.Zero(t, other.Reserve(1))
	require.Zero(t, other.Reserve(1))
	for _, q := range holders {
		q.releaseAll()
	}
	require.Equal(t, 1, other.refilled, "it asked twice and waits once")
}

// The same torrents must be asked in every run, so that a simulation can be repeated.
func TestReclaimAsksTheOlderOfTwoEqualShares(t *testing.T) {
	for range 50 {
		b := New(64 * swarm.BlockLen)
		first, second, third := open(b), open(b), open(b)
		for _, q := range []*counted{third, second, first} {
			require.Equal(t, 9, q.Reserve(9))
		}
		require.Same(t, first.Quota, b.pickVictim())
		require.Same(t, second.Quota, b.pickVictim())
		require.Same(t, third.Quota, b.pickVictim())
		require.Nil(t, b.pickVictim(), "all were asked")
	}
}

func TestDropKeepsBuffersForTheNextBlock(t *testing.T) {
	b := New(1 << 20)
	q := open(b)
	require.Equal(t, 2, q.Reserve(2))
	x, y := b.Buffer(), b.Buffer()
	require.Len(t, x, swarm.BlockLen)
	q.Drop([][]byte{x[:5], nil, y})
	require.Zero(t, b.InUse())
	require.Len(t, b.buffers, 2, "nil is no buffer")
	for range 2 {
		require.Len(t, b.Buffer(), swarm.BlockLen, "it has its full length again")
	}
	require.Empty(t, b.buffers)
}

func TestKeepLeavesTheUnitWithTheTorrent(t *testing.T) {
	b := New(1 << 20)
	q := open(b)
	require.Equal(t, 1, q.Reserve(1))
	buf := b.Buffer()
	q.Keep(buf[:1])
	require.Equal(t, 1, q.Held())
	again := b.Buffer()
	require.Same(t, &buf[0], &again[0], "the same buffer serves the next block")
	require.Len(t, again, swarm.BlockLen)
	q.Drop([][]byte{again})
	require.Zero(t, q.Held())
}

func TestCloseEndsTheWait(t *testing.T) {
	b := New(16 * swarm.BlockLen)
	holders, closed := fill(b), open(b)
	require.Zero(t, closed.Reserve(1))
	closed.Close()
	for _, q := range holders {
		q.releaseAll()
		q.Close()
	}
	require.Zero(t, closed.refilled)
	require.Empty(t, b.waiting)
	require.Empty(t, b.holders)
}
