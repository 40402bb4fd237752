package piecepicker

import (
	"testing"

	"github.com/shoal-bt/shoal/swarm"
	"github.com/stretchr/testify/require"
)

func TestSetOf(t *testing.T) {
	for _, pieces := range []int{0, 1, 7, 8, 9, 63, 64, 65, 127, 128, 129, 1000} {
		want := swarm.NewBitfield(pieces)
		for i := range pieces {
			if i%3 == 0 || i%7 == 1 {
				want.Set(i)
			}
		}
		// Bits after the last piece must not count.
		dirty := append(want.Clone(), 0xff, 0xff, 0xff)
		for i := pieces; i < 8*len(dirty); i++ {
			dirty.Set(i)
		}
		for _, b := range []swarm.Bitfield{want, dirty} {
			s := setOf(b, pieces)
			require.Equal(t, want.Count(), s.Len(), "%d pieces", pieces)
			for i := -1; i < pieces+70; i++ {
				require.Equal(t, want.Has(i), s.Has(i), "piece %d of %d", i, pieces)
			}
		}
		all := swarm.NewBitfield(pieces)
		all.SetAll(pieces)
		require.True(t, isFull(all, pieces))
		require.True(t, isFull(append(all.Clone(), 1), pieces))
		require.True(t, setOf(all, pieces).Full())
		require.Equal(t, newFullSet(pieces), setOf(all, pieces))
		for i := range pieces {
			all.Clear(i)
			require.False(t, isFull(all, pieces), "without %d of %d", i, pieces)
			require.False(t, setOf(all, pieces).Full())
			all.Set(i)
		}
	}
	require.Equal(t, 0, setOf(nil, 100).Len())
	require.False(t, isFull(nil, 1))
	require.Equal(t, 2, setOf(swarm.Bitfield{0xc0}, 100).Len(), "a set that is too short has what it says")
}

func TestWindow(t *testing.T) {
	var w window[int]
	used := func(n *int) bool { return *n != 0 }
	require.Nil(t, w.peek(0))
	for key := int32(-50); key < 50; key++ {
		*w.at(key, used) = int(key) + 1000
	}
	for key := int32(-50); key < 50; key++ {
		require.Equal(t, int(key)+1000, *w.peek(key))
	}
	// Cells that are not used any more are dropped.
	for key := int32(-50); key < 40; key++ {
		*w.peek(key) = 0
	}
	for key := int32(50); key < 5000; key++ {
		*w.at(key, used) = 1
		*w.peek(key - 10) = 0
	}
	require.Less(t, len(w.cells), 50)
	require.Equal(t, 1, *w.peek(4995))
	// Keys may wrap around.
	w = window[int]{}
	*w.at(1<<31-2, used) = 1
	*w.at(-1<<31+1, used) = 2
	require.Equal(t, 1, *w.peek(1<<31 - 2))
	require.Equal(t, 2, *w.peek(-1<<31 + 1))
	require.Less(t, len(w.cells), 50)
}
