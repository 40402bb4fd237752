package storagetest

import (
	"sync"
	"testing"

	"github.com/shoal-bt/shoal/swarm"
)

// concurrent: many goroutines write, read, sync and announce idle times at once.
// None writes bytes that another one reads or writes.
func concurrent(t *testing.T, s swarm.Storage, length int64) {
	const writers = 8
	want := pattern(40, length)
	var wg sync.WaitGroup
	for w := range int64(writers) {
		wg.Go(func() {
			from, to := w*length/writers, (w+1)*length/writers
			for off := from; off < to; off += 10000 {
				p := want[off:min(off+10000, to)]
				var n int64
				var err error
				if off%20000 == 0 {
					n, err = swarm.WriteVecAt(s, cut(p, 3000), off)
				} else {
					var m int
					m, err = s.WriteAt(p, off)
					n = int64(m)
				}
				if n != int64(len(p)) || err != nil {
					t.Errorf("writing %d bytes at %d: %d, %v", len(p), off, n, err)
					return
				}
				got := make([]byte, len(p))
				if n, err := swarm.ReadVecAt(s, [][]byte{got}, off); n != int64(len(p)) || err != nil {
					t.Errorf("reading %d bytes at %d: %d, %v", len(p), off, n, err)
					return
				}
				if string(got) != string(p) {
					t.Errorf("a read at %d returned other bytes than were written", off)
				}
			}
		})
	}
	wg.Go(func() {
		for range 3 {
			if err := swarm.Sync(s); err != nil {
				t.Errorf("Sync during writes: %v", err)
			}
			swarm.Idle(s)
		}
	})
	wg.Wait()
	wantBytes(t, s, want, 0)
}

// concurrentReads: many goroutines read the same bytes at once.
func concurrentReads(t *testing.T, s swarm.Storage, length int64) {
	want := pattern(41, length)
	mustWrite(t, s, want, 0)
	var wg sync.WaitGroup
	for r := range int64(8) {
		wg.Go(func() {
			p := make([]byte, 30000)
			for off := r * 1000; off+30000 <= length; off += 50000 {
				if n, err := swarm.ReadVecAt(s, cut(p, 16384), off); n != 30000 || err != nil {
					t.Errorf("reading at %d: %d, %v", off, n, err)
					return
				}
				if string(p) != string(want[off:off+30000]) {
					t.Errorf("a read at %d returned other bytes than were written", off)
				}
			}
		})
	}
	wg.Wait()
}

// syncs: Sync can be called at any time, and changes no byte.
func syncs(t *testing.T, s swarm.Storage, length int64) {
	if err := swarm.Sync(s); err != nil {
		t.Fatalf("Sync before any write: %v", err)
	}
	want := pattern(42, length)
	mustWrite(t, s, want, 0)
	for range 2 {
		if err := swarm.Sync(s); err != nil {
			t.Fatalf("Sync: %v", err)
		}
	}
	wantBytes(t, s, want, 0)
}

// idles: Idle changes no byte, may be called again, and any call may follow it.
func idles(t *testing.T, s swarm.Storage, length int64) {
	swarm.Idle(s)
	swarm.Idle(s)
	want := pattern(43, length)
	mustWrite(t, s, want[:length/2], 0)
	swarm.Idle(s)
	mustWriteVec(t, s, cut(want[length/2:], 16384), length/2)
	swarm.Idle(s)
	wantBytes(t, s, want, 0)
	swarm.Idle(s)
	if err := swarm.Sync(s); err != nil {
		t.Errorf("Sync after Idle: %v", err)
	}
	swarm.Idle(s)
	p := make([]byte, length)
	wantReadAll(t, s, p, 0)
	wantEqual(t, p, want, 0)
	swarm.Idle(s)
}
