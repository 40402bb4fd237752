package storagetest

import (
	"sync"
	"testing"

	"github.com/shoal-bt/shoal/swarm"
)

// writeLanes: lanes may be asked for at any time, are ranges, stay the same, and
// change no byte. A storage that is no WriteLaner has none.
func writeLanes(t *testing.T, s swarm.Storage, length int64) {
	swarm.WriteLane(s, 0)
	swarm.WriteLane(s, length-1)
	want := pattern(44, length)
	mustWrite(t, s, want, 0)
	lanes := lanesOf(s, length)
	wantRanges(t, lanes)

	var wg sync.WaitGroup
	wg.Go(func() {
		if n, err := swarm.WriteVecAt(s, cut(want, swarm.BlockLen), 0); n != length || err != nil {
			t.Errorf("WriteVecAt of %d bytes: %d, %v; want all and no error", length, n, err)
		}
	})
	again := lanesOf(s, length)
	wg.Wait()
	for off, lane := range again {
		if lane != lanes[off] {
			t.Fatalf("byte %d has lane %d, and lane %d while others write", off, lanes[off], lane)
		}
	}
	wantBytes(t, s, want, 0)
}

// lanesOf returns the lane of each byte.
func lanesOf(s swarm.Storage, length int64) []int {
	lanes := make([]int, length)
	for off := range lanes {
		lanes[off] = swarm.WriteLane(s, int64(off))
	}
	return lanes
}

// wantRanges fails if a lane begins a second time.
func wantRanges(t *testing.T, lanes []int) {
	t.Helper()
	seen := make(map[int]bool)
	for off, lane := range lanes {
		if lane < 0 || (off > 0 && lane == lanes[off-1]) {
			continue
		}
		if seen[lane] {
			t.Fatalf("lane %d begins again at byte %d; want one range", lane, off)
		}
		seen[lane] = true
	}
}
