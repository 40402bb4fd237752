package engine

import (
	"slices"
	"sync"
)

// mostCalls is the number of calls of one Storage under way at once. A goroutine
// that is blocked in a file call holds a thread.
const mostCalls = 8

// disk bounds the calls of one Storage, or other use of disks. Those who wait are
// served in turn.
type callLimit struct {
	most    int // of calls; zero means mostCalls
	mu      sync.Mutex
	calls   int // under way
	waiting []chan struct{}
}

// enter waits for its turn; it gives up, and reports false, when closed is.
func (d *callLimit) enter(closed <-chan struct{}) bool {
	d.mu.Lock()
	if d.calls < or(d.most, mostCalls) {
		d.calls++
		d.mu.Unlock()
		return true
	}
	turn := make(chan struct{})
	d.waiting = append(d.waiting, turn)
	d.mu.Unlock()
	select {
	case <-turn:
		return true
	case <-closed:
	}
	d.mu.Lock()
	i := slices.Index(d.waiting, turn)
	if i >= 0 {
		d.waiting = slices.Delete(d.waiting, i, i+1)
	}
	d.mu.Unlock()
	if i < 0 {
		d.leave() // it was our turn meanwhile
	}
	return false
}

// leave ends a call: whoever waits longest takes its place.
func (d *callLimit) leave() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.waiting) == 0 {
		d.calls--
		return
	}
	close(d.waiting[0])
	d.waiting = d.waiting[1:]
	if len(d.waiting) == 0 {
		d.waiting = nil
	}
}
