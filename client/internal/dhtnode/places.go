package dhtnode

import (
	"sync"
	"time"

	"github.com/shoal-bt/shoal/dht"
)

// firstGuess is how long an announce is thought to take before one has ended.
const firstGuess = 3 * time.Second

// places are the calls of Announce that may wait for the node. Complete torrents get half of
// them at most, so that thousands of these do not delay a download. A call that finds no place
// gets the time at which there should be one, each another time.
type places struct {
	max int

	mu    sync.Mutex // guards what follows
	taken int
	seeds int           // of these, of complete torrents
	took  time.Duration // one call, on average
	next  time.Time     // up to here places are promised
}

// take takes a place, or returns after how long there should be one.
func (p *places) take(now time.Time, isSeed bool) (wait time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	most, taken := p.max, p.taken
	if isSeed {
		most, taken = (p.max+1)/2, max(p.seeds, p.taken-p.max/2)
	}
	if taken < most {
		p.taken++
		if isSeed {
			p.seeds++
		}
		return 0
	}
	if p.took == 0 {
		p.took = firstGuess
	}
	if p.next.Before(now) || p.next.Sub(now) > dht.AnnounceEvery { // nobody waits longer for another try
		p.next = now
	}
	p.next = p.next.Add(p.took / time.Duration(most))
	return max(p.next.Sub(now), time.Second)
}

// release gives a place back that was taken at began.
func (p *places) release(began, now time.Time, isSeed bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.taken--
	if isSeed {
		p.seeds--
	}
	took := now.Sub(began)
	if p.took == 0 {
		p.took = took
	}
	p.took += (took - p.took) / 8
}
