package engine

import (
	"testing"

	"github.com/shoal-bt/shoal/swarm"
	"github.com/stretchr/testify/require"
)

// thirst is a purse and how often it was woken and squeezed.
type thirst struct {
	*quota
	woken, squeezed int
}

func (b *budget) thirst() *thirst {
	p := new(thirst)
	p.quota = b.open(func() { p.woken++ }, func() { p.squeezed++ })
	return p
}

func TestNobodyGetsAll(t *testing.T) {
	b := newBudget(90 * swarm.BlockLen)
	one := b.thirst()
	require.Equal(t, 60, one.reserve(1000), "alone: two thirds")
	two := b.thirst()
	require.Equal(t, 20, two.reserve(1000))
	three := b.thirst()
	require.Equal(t, 6, three.reserve(1000))
	require.Equal(t, 86, b.inUse())
	for _, p := range []*thirst{one, two, three} {
		p.release(p.held)
	}
	require.Zero(t, b.inUse())
	require.Equal(t, 5, one.reserve(5), "no more than asked for")
	one.release(5)
}

func TestWhoWaitsIsWokenInTurn(t *testing.T) {
	b := newBudget(64 * swarm.BlockLen)
	fat, thin, last := b.thirst(), b.thirst(), b.thirst()
	for fat.reserve(64) > 0 {
	}
	require.Equal(t, 1, fat.squeezed)
	for thin.reserve(64) > 0 {
	}
	for last.reserve(64) > 0 {
	}
	fat.release(fat.held)
	require.Equal(t, []int{1, 1, 1}, []int{fat.woken, thin.woken, last.woken}, "there is enough for all who wait")
	last.release(last.held)
	require.Equal(t, 1, last.woken, "and nobody waits any more")
	thin.release(thin.held)
	for _, p := range []*thirst{fat, thin, last} {
		p.close()
	}
	require.Empty(t, b.quotas)
}

func TestSqueezeGoesOnFromWhoHasNothing(t *testing.T) {
	b := newBudget(64 * swarm.BlockLen)
	fat, thin := b.thirst(), b.thirst()
	for fat.reserve(64) > 0 {
	}
	for thin.reserve(64) > 0 {
	}
	fat.squeezed, thin.squeezed = 0, 0
	fat.asked, thin.asked = false, false
	require.Zero(t, thin.reserve(1))
	require.Equal(t, []int{1, 0}, []int{fat.squeezed, thin.squeezed})
	fat.reclaimDone(false)
	require.Equal(t, []int{1, 1}, []int{fat.squeezed, thin.squeezed})
	thin.reclaimDone(false)
	require.Equal(t, []int{1, 1}, []int{fat.squeezed, thin.squeezed}, "nobody else is left")
	require.Zero(t, thin.reserve(1))
	require.Equal(t, []int{2, 1}, []int{fat.squeezed, thin.squeezed}, "the next round asks all again")
	fat.reclaimDone(true)
	fat.release(fat.held)
	thin.release(thin.held)
}

func TestBuffersAreKept(t *testing.T) {
	b := newBudget(1 << 20)
	p := b.thirst()
	require.Equal(t, 2, p.reserve(2))
	x, y := b.buffer(), b.buffer()
	require.Len(t, x, swarm.BlockLen)
	p.drop(x[:5], nil, y)
	require.Zero(t, b.inUse())
	require.Len(t, b.buffers, 2)
	require.Len(t, b.buffer(), swarm.BlockLen, "at full length again")
}
