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
