package disk

import (
	"context"
	"testing"

	"github.com/shoal-bt/shoal/swarm"
	"github.com/stretchr/testify/require"
)

// Batches of stored pieces are large, and smaller near the end; each piece is in one.
func TestSizesOfStoredBatches(t *testing.T) {
	for _, test := range []struct {
		name        string
		pieces      int
		length      int64
		workers     int
		first, last int
	}{
		{"one piece", 1, 1 << 20, 2, 1, 1},
		{"one for each worker", 3, 1 << 20, 4, 1, 1},
		{"few", 40, 1 << 20, 2, 16, 8},
		{"many", 2048, 1 << 20, 2, 64, 8},
		{"many short ones", 20_000, 16 << 10, 1, 64, 6},
		{"many long ones", 2048, 16 << 20, 2, 16, 16},
	} {
		g := swarm.Geometry{PieceLength: test.length, Length: int64(test.pieces) * test.length}
		all := swarm.NewBitfield(test.pieces)
		all.SetAll(test.pieces)
		next := make(chan []int, test.pieces)
		sendBatches(context.Background(), next, g, all, test.workers)
		close(next)
		var got []int
		first, last := 0, 0
		for batch := range next {
			if got == nil {
				first = len(batch)
			}
			last = len(batch)
			require.LessOrEqual(t, last, first, test.name)
			got = append(got, batch...)
		}
		require.Equal(t, test.first, first, test.name)
		require.Equal(t, test.last, last, test.name)
		require.Len(t, got, test.pieces, test.name)
		for i, piece := range got {
			require.Equal(t, i, piece, test.name)
		}
	}
}
