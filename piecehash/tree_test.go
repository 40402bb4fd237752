package piecehash_test

import (
	"testing"

	"github.com/shoal-bt/shoal/piecehash"
	"github.com/stretchr/testify/require"
)

func TestTreeHoldsEveryLayer(t *testing.T) {
	b := content(19 * piecehash.BlockLen)
	for n := 1; n <= 19; n++ {
		leaves := leavesOf(b)[:n]
		tree := piecehash.NewTree(leaves, 0)
		height := piecehash.Height(int64(n), 0)
		require.Equal(t, height, tree.Height())
		require.Equal(t, 0, tree.Base())
		rows := naive(leaves, height)
		require.Equal(t, rows[height][0], tree.Root())
		for layer, row := range rows {
			width := 1 << layer
			require.Equal(t, row[:(n+width-1)/width], tree.Layer(layer), "%d leaves, layer %d", n, layer)
		}
		require.Nil(t, tree.Layer(-1))
		require.Nil(t, tree.Layer(height+1))
	}
}

func TestTreeFromAPieceLayer(t *testing.T) {
	leaves := leavesOf(content(19*piecehash.BlockLen - 5))
	whole := piecehash.NewTree(leaves, 0)
	half := piecehash.NewTree(whole.Layer(2), 2)
	require.Equal(t, whole.Root(), half.Root())
	require.Equal(t, whole.Height(), half.Height())
	require.Equal(t, 2, half.Base())
	require.Equal(t, whole.Layer(3), half.Layer(3))
	require.Nil(t, half.Layer(1))
}

func TestTreeCopiesItsHashes(t *testing.T) {
	leaves := leavesOf(content(5 * piecehash.BlockLen))
	tree := piecehash.NewTree(leaves, 0)
	want := tree.Layer(0)[0]
	leaves[0] = [32]byte{1}
	require.Equal(t, want, tree.Layer(0)[0])
}
