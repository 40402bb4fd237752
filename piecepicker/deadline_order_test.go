package piecepicker

import (
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// However deadlines come and go, they are in order, each once.
func TestDeadlinesAreInOrder(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	var d deadlines
	want := make(map[int]time.Time)
	for step := range 20_000 {
		piece := r.IntN(2000)
		at := time.Unix(int64(r.IntN(500)+1), 0)
		if r.IntN(3) == 0 || (step > 15_000 && r.IntN(10) > 0) {
			at = time.Time{}
		}
		d.set(piece, at)
		if at.IsZero() {
			delete(want, piece)
		} else {
			want[piece] = at
		}
		if step%100 != 0 {
			continue
		}
		got := slices.Collect(d.nearest(len(want) + 1))
		require.True(t, slices.IsSortedFunc(got, deadline.compare))
		require.Len(t, got, len(want))
		for _, e := range got {
			require.Equal(t, want[e.piece], e.neededAt)
		}
		require.True(t, maps.Equal(want, d.byPiece))
		for _, chunk := range d.chunks {
			require.True(t, len(chunk) > 0 && len(chunk) <= maxChunk)
		}
	}
	require.Len(t, slices.Collect(d.nearest(3)), 3)
}

// A hundred thousand deadlines, each nearer than those before.
func BenchmarkSetDeadlines(b *testing.B) {
	for b.Loop() {
		var d deadlines
		for i := range 100_000 {
			d.set(i, time.Unix(int64(1e9-i), 0))
		}
	}
}
