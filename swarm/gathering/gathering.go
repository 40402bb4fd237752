// Package gathering hands on the addresses that a source of peers finds while its call still
// runs, because a look-up in the DHT goes on for seconds after it has found the first.
//
// In come the addresses of one call of swarm.PeerSource.Announce; out go batches of them, which
// the one that gets them owns. Not here: what becomes of them.
package gathering

import (
	"sync"
	"time"

	"github.com/shoal-bt/shoal/swarm"
)

const (
	// Max is how many addresses are taken from one call.
	Max = 1000

	// Delay is how long the first address of a batch waits for others. A tracker names all of
	// its addresses in one moment, so they are one batch.
	Delay = 100 * time.Millisecond
)

// A Batch is the addresses of one call that were not handed on yet. Its methods may be called
// concurrently.
type Batch struct {
	early func([]swarm.Address)

	mu      sync.Mutex // guards what follows; held while early is called
	waiting []swarm.Address
	count   int
	timer   *time.Timer // nil before the first address
	ended   bool
}

// New returns an empty Batch. early gets what was found while the call runs, and must not block;
// nil means that nobody wants it before the end.
func New(early func([]swarm.Address)) *Batch { return &Batch{early: early} }

// Add takes an address that a source has found. It is the function that Announce gets.
func (b *Batch) Add(a swarm.Address) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.count >= Max || b.ended {
		return
	}
	b.count++
	b.waiting = append(b.waiting, a)
	isFirst := len(b.waiting) == 1
	switch {
	case b.early == nil || !isFirst:
	case b.timer == nil:
		b.timer = time.AfterFunc(Delay, b.handOn)
	default:
		b.timer.Reset(Delay)
	}
}

// handOn is called by the timer.
func (b *Batch) handOn() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.ended || len(b.waiting) == 0 {
		return
	}
	b.early(b.waiting)
	b.waiting = nil
}

// End is called when the call has ended. It returns the addresses that were not handed on, and
// how many there were in all. Nothing is handed on afterwards.
func (b *Batch) End() (rest []swarm.Address, count int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.ended = true
	if b.timer != nil {
		b.timer.Stop()
	}
	return b.waiting, b.count
}
