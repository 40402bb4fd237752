package requests

import (
	"testing"

	"github.com/shoal-bt/shoal/swarm"
	"github.com/stretchr/testify/require"
)

func block(piece int) swarm.Block { return swarm.Block{Piece: piece, Length: swarm.BlockLen} }

func TestList(t *testing.T) {
	l := List{{Block: block(1)}, {Block: block(2)}, {Block: block(3), Late: true}, {Block: block(4)}}
	require.Equal(t, 1, l.Find(block(2)))
	require.Equal(t, -1, l.Find(block(5)))
	require.True(t, l.AnyLate())
	require.True(t, l.HasOpen(4))
	require.False(t, l.HasOpen(3), "it is late")

	require.Equal(t, block(3), l.Remove(2).Block)
	require.Equal(t, block(1), l.Remove(0).Block)
	require.Equal(t, List{{Block: block(2)}, {Block: block(4)}}, l)
	require.False(t, l.AnyLate())
}

func TestEmptyListReleasesMemory(t *testing.T) {
	var l List
	for i := range 2 * fewRequests {
		l = append(l, Request{Block: block(i)})
	}
	for len(l) > 0 {
		l.Remove(len(l) - 1)
	}
	require.Zero(t, cap(l))
	l = append(l, Request{Block: block(1)})
	l.Clear()
	require.Empty(t, l)
	require.NotZero(t, cap(l))
}
