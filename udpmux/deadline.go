package udpmux

import (
	"sync"
	"time"
)

// A deadline is a time until which calls may wait. Its zero value is never.
type deadline struct {
	mu     sync.Mutex
	timer  *time.Timer
	passed chan struct{} // closed when the time has come
}

// set changes the deadline, also for calls under way.
func (d *deadline) set(t time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.init()
	if d.timer != nil && !d.timer.Stop() {
		<-d.passed // the timer has fired, and closes it
	}
	d.timer = nil
	select {
	case <-d.passed:
		d.passed = make(chan struct{})
	default:
	}
	if t.IsZero() {
		return
	}
	wait := time.Until(t)
	if wait <= 0 {
		close(d.passed)
		return
	}
	passed := d.passed
	d.timer = time.AfterFunc(wait, func() { close(passed) })
}

// done returns a channel that is closed when the time has come.
func (d *deadline) done() <-chan struct{} {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.init()
	return d.passed
}

func (d *deadline) init() {
	if d.passed == nil {
		d.passed = make(chan struct{})
	}
}
