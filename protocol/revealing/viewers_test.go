package revealing_test

import (
	"testing"
	"time"

	"github.com/shoal-bt/shoal/protocol/pieces"
	"github.com/shoal-bt/shoal/protocol/revealing"
	"github.com/stretchr/testify/require"
)

// TestViewers: a viewer may know of what it was shown, and every other peer of everything.
func TestViewers(t *testing.T) {
	now := time.Unix(1e9, 0)
	var v revealing.Viewers
	var has pieces.Set
	require.False(t, v.Has(1))
	require.True(t, v.MayKnow(1, 3))
	v.Tick()
	require.False(t, v.TakeStale(), "there is no viewer")

	v.Add(now, 1, 4, revealing.NewSuperSeed)
	v.Add(now, 2, 4, revealing.NewSuperSeed)
	require.True(t, v.Has(1))
	require.False(t, v.MayKnow(1, 3))
	require.True(t, v.MayKnow(9, 3))
	require.Empty(t, v.Next(now, 9, &has, true), "it is no viewer")

	require.Empty(t, v.Next(now.Add(3*time.Second), 1, &has, false), "it may still say what it has")
	now = now.Add(revealing.FirstBitfieldWait)
	next := v.Next(now, 1, &has, false)
	require.Len(t, next, 1)
	first := next[0]
	require.True(t, v.MayKnow(1, first))
	require.False(t, v.MayKnow(2, first), "each peer is shown pieces of its own")

	require.NotContains(t, v.Next(now, 2, &has, false), first)
	v.Seen(now, 1, first)
	require.True(t, v.TakeStale())
	require.False(t, v.TakeStale(), "it was taken")
	require.Empty(t, v.Next(now, 1, &has, true), "nobody else has its piece")
	v.Remove(2)
	require.True(t, v.TakeStale())
	require.True(t, v.MayKnow(2, first))
}

// TestViewersHearOfEveryPiece: what a peer had when it joined counts as what the swarm has.
func TestViewersHearOfEveryPiece(t *testing.T) {
	now := time.Unix(1e9, 0)
	var v revealing.Viewers
	var all, none pieces.Set
	all.Fill(4)
	all.Remove(2, 4)
	v.SeenAll(now, 1, &all)
	require.False(t, v.TakeStale(), "it is no viewer")
	v.Add(now, 1, 4, revealing.NewSuperSeed)
	v.Add(now, 2, 4, revealing.NewSuperSeed)
	v.SeenAll(now, 1, &all)
	require.True(t, v.TakeStale())
	require.Equal(t, []int{2}, v.Next(now, 2, &none, true), "the rarest")
	require.Equal(t, 3, all.Count())
}
