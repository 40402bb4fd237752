package budget

import (
	"testing"

	"github.com/shoal-bt/shoal/swarm"
	"github.com/stretchr/testify/require"
)

// counted is a Quota and how often it was refilled and asked to give memory back.
type counted struct {
	*Quota
	refilled, reclaimed int
}

func open(b *Budget) *counted {
	p := new(counted)
	p.Quota = b.Open(func() { p.refilled++ }, func() { p.reclaimed++ })
	return p
}

func TestNobodyGetsAll(t *testing.T) {
	b := New(90 * swarm.BlockLen)
	one := open(b)
	require.Equal(t, 60, one.Reserve(1000), "alone: two thirds")
	two := open(b)
	require.Equal(t, 20, two.Reserve(1000))
	three := open(b)
	require.Equal(t, 6, three.Reserve(1000))
	require.Equal(t, 86, b.InUse())
	for _, p := range []*counted{one, two, three} {
		p.Release(p.held)
	}
	require.Zero(t, b.InUse())
	require.Equal(t, 5, one.Reserve(5), "no more than asked for")
	one.Release(5)
}

func TestWaitingTorrentsAreRefilledInTurn(t *testing.T) {
	b := New(64 * swarm.BlockLen)
	large, small, last := open(b), open(b), open(b)
	for large.Reserve(64) > 0 {
	}
	require.Equal(t, 1, large.reclaimed)
	for small.Reserve(64) > 0 {
	}
	for last.Reserve(64) > 0 {
	}
	large.Release(large.held)
	require.Equal(t, []int{1, 1, 1}, []int{large.refilled, small.refilled, last.refilled}, "there is enough for all who wait")
	last.Release(last.held)
	require.Equal(t, 1, last.refilled, "nobody waits any more")
	small.Release(small.held)
	for _, p := range []*counted{large, small, last} {
		p.Close()
	}
	require.Empty(t, b.holders)
}

func TestReclaimGoesOnIfTheLargestHasNothing(t *testing.T) {
	b := New(64 * swarm.BlockLen)
	large, small := open(b), open(b)
	for large.Reserve(64) > 0 {
	}
	for small.Reserve(64) > 0 {
	}
	large.reclaimed, small.reclaimed = 0, 0
	large.asked, small.asked = false, false
	require.Zero(t, small.Reserve(1))
	require.Equal(t, []int{1, 0}, []int{large.reclaimed, small.reclaimed})
	large.Reclaimed(false)
	require.Equal(t, []int{1, 1}, []int{large.reclaimed, small.reclaimed})
	small.Reclaimed(false)
	require.Equal(t, []int{1, 1}, []int{large.reclaimed, small.reclaimed}, "nobody else is left")
	require.Zero(t, small.Reserve(1))
	require.Equal(t, []int{2, 1}, []int{large.reclaimed, small.reclaimed}, "the next round asks all again")
	large.Reclaimed(true)
	large.Release(large.held)
	small.Release(small.held)
}

func TestBuffersAreKept(t *testing.T) {
	b := New(1 << 20)
	p := open(b)
	require.Equal(t, 2, p.Reserve(2))
	x, y := b.Buffer(), b.Buffer()
	require.Len(t, x, swarm.BlockLen)
	p.Drop([][]byte{x[:5], nil, y})
	require.Zero(t, b.InUse())
	require.Len(t, b.buffers, 2)
	require.Len(t, b.Buffer(), swarm.BlockLen, "at full length again")
}
