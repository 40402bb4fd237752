package wanted

import (
	"errors"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestCheck(t *testing.T) {
	for _, c := range []struct {
		run  Run
		want string // empty for no error
	}{
		{Run{0, 9, 7}, ""},
		{Run{3, 3, 0}, ""},
		{Run{3, 2, 4}, "the range from piece 3 to 2 is backwards: the first piece must come first"},
		{Run{-1, 2, 4}, "pieces -1 to 2 are not all there: the torrent has pieces 0 to 9"},
		{Run{9, 10, 4}, "pieces 9 to 10 are not all there: the torrent has pieces 0 to 9"},
		{Run{0, math.MaxInt32, 4}, "pieces 0 to 2147483647 are not all there: the torrent has pieces 0 to 9"},
		{Run{10, 10, 4}, "piece 10 is not there: the torrent has pieces 0 to 9"},
		{Run{0, 1, 8}, "priority 8 is too high: use 0 to 7"},
	} {
		err := Check([]Run{{0, 0, 1}, c.run}, 10)
		if c.want == "" {
			require.NoError(t, err)
			continue
		}
		require.EqualError(t, err, c.want)
		var outside *RangeError
		require.True(t, errors.As(err, &outside))
		require.Equal(t, RangeError{c.run, 10}, *outside)
	}
	require.NoError(t, Check(nil, 0))
	require.Error(t, Check([]Run{{}}, 0))
}

// Flat runs have the effect of those that they are made of, and no piece twice.
func TestFlatten(t *testing.T) {
	const n = 40
	r := rand.New(rand.NewPCG(5, 6))
	paint := func(runs []Run, once bool) (all [n]int) {
		for _, run := range runs {
			for i := run.First; i <= run.Last; i++ {
				require.False(t, once && all[i] != 0, "piece %d twice in %v", i, runs)
				all[i] = int(run.Priority) + 1
			}
		}
		return all
	}
	for range 2000 {
		var runs []Run
		for range r.IntN(12) {
			first := r.IntN(n)
			runs = append(runs, Run{first, first + r.IntN(n-first), uint8(r.IntN(8))})
		}
		before := append([]Run(nil), runs...)
		flat := Flatten(runs)
		require.Equal(t, paint(runs, false), paint(flat, true), "%v", runs)
		require.Equal(t, before, runs)
	}
	sorted := []Run{{0, 1, 2}, {2, 5, 2}, {9, 9, 0}}
	require.Same(t, &sorted[0], &Flatten(sorted)[0], "what is flat already is copied")
}

// 100,000 runs that each cover every piece cost no more than one that does.
func BenchmarkFlatten(b *testing.B) {
	runs := make([]Run, 100_000)
	for i := range runs {
		runs[i] = Run{i, 200_000 - i, uint8(i % 8)}
	}
	for b.Loop() {
		Flatten(runs)
	}
}
