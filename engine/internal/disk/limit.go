package disk

import (
	"cmp"
	"slices"
	"sync"
)

// maxCalls is the number of calls of one Storage under way at once. A goroutine that
// is blocked in a file call holds a thread.
const maxCalls = 8

// A Limit bounds the calls of one Storage, or another use of disks. Those who wait are
// served in order of coming. The zero Limit is ready for use; its methods may be called
// from many goroutines.
type Limit struct {
	Max int // number of calls; zero means 8. It must not change

	mu      sync.Mutex
	calls   int // under way
	waiting []chan struct{}
}

// Acquire waits until a call may begin. It gives up, and reports false, when closed is
// closed. After true the caller calls Release.
func (l *Limit) Acquire(closed <-chan struct{}) bool {
	l.mu.Lock()
	if l.calls < cmp.Or(l.Max, maxCalls) {
		l.calls++
		l.mu.Unlock()
		return true
	}
	place := make(chan struct{})
	l.waiting = append(l.waiting, place)
	l.mu.Unlock()
	select {
	case <-place:
		return true
	case <-closed:
	}
	l.mu.Lock()
	i := slices.Index(l.waiting, place)
	if i >= 0 {
		l.waiting = slices.Delete(l.waiting, i, i+1)
	}
	l.mu.Unlock()
	if i < 0 {
		l.Release() // the place was ours meanwhile
	}
	return false
}

// Release ends a call. The one that waits longest takes its place.
func (l *Limit) Release() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.waiting) == 0 {
		l.calls--
		return
	}
	close(l.waiting[0])
	l.waiting = l.waiting[1:]
	if len(l.waiting) == 0 {
		l.waiting = nil
	}
}
