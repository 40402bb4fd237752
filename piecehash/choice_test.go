package piecehash_test

import (
	"testing"
	"time"

	"github.com/shoal-bt/shoal/piecehash"
	"github.com/stretchr/testify/require"
)

func TestChoicesByCost(t *testing.T) {
	const us = time.Microsecond
	for _, test := range []struct {
		name             string
		std, long, short time.Duration
		n, first, width  int
	}{
		{"16 of 16", 100 * us, 400 * us, 250 * us, 16, 16, 16},
		{"12 of 16", 100 * us, 400 * us, 250 * us, 12, 12, 16},
		{"8 of 8", 100 * us, 400 * us, 250 * us, 8, 8, 8},
		{"9 are 8 and 1", 100 * us, 400 * us, 250 * us, 9, 8, 8},
		{"3 of 8", 100 * us, 400 * us, 250 * us, 3, 3, 8},
		{"2 alone", 100 * us, 400 * us, 250 * us, 2, 0, 0},
		{"long is too slow", 100 * us, 600 * us, 250 * us, 16, 8, 8},
		{"short is too slow", 100 * us, 400 * us, 420 * us, 8, 8, 16},
		{"all are too slow", 10 * us, 400 * us, 250 * us, 16, 0, 0},
		{"a tie is no gain", 25 * us, 400 * us, 250 * us, 16, 0, 0},
	} {
		first, width := piecehash.Choose(test.n, test.std, []int{16, 8}, []time.Duration{test.long, test.short})
		require.Equal(t, test.first, first, test.name)
		require.Equal(t, test.width, width, test.name)
	}
}

// SHA instructions have kernels of 2 to 4 lanes, of which each has its use.
func TestChoicesOfFewLanes(t *testing.T) {
	const us = time.Microsecond
	for n, want := range map[int][2]int{ // first and width
		1: {0, 0}, 2: {2, 2}, 3: {3, 3}, 4: {4, 4}, 5: {3, 3}, 6: {3, 3}, 7: {4, 4}, 8: {4, 4}, 9: {3, 3}, 16: {4, 4}, 40: {4, 4},
	} {
		first, width := piecehash.Choose(n, 85*us, []int{4, 3, 2}, []time.Duration{123 * us, 102 * us, 92 * us})
		require.Equal(t, want, [2]int{first, width}, "%d messages", n)
	}
}

// A kernel of few lanes takes over from one of many when lanes are left over.
func TestChoicesOfManyAndFewLanes(t *testing.T) {
	const us = time.Microsecond
	for n, want := range map[int][2]int{ // first and width
		1: {0, 0}, 3: {3, 3}, 6: {3, 3}, 7: {7, 16}, 16: {16, 16},
	} {
		first, width := piecehash.Choose(n, 85*us, []int{16, 3}, []time.Duration{210 * us, 102 * us})
		require.Equal(t, want, [2]int{first, width}, "%d messages", n)
	}
}

// A busy machine may measure anything, so this checks only that the processor can run
// what was chosen.
func TestMeasuredChoice(t *testing.T) {
	most := 0
	for _, p := range piecehash.Paths() {
		if !p.Slow() {
			most = max(most, p.Lanes)
		}
	}
	for n := 2; n <= 40; n++ {
		one, two := piecehash.Measured(n)
		t.Log(n, "messages: SHA-1 in", one, "lanes, SHA-256 in", two)
		require.LessOrEqual(t, one, min(most, n))
		require.LessOrEqual(t, two, min(most, n))
	}
}

func BenchmarkMeasure(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		piecehash.Measure()
	}
}
