package engine

import (
	"sync"

	"github.com/shoal-bt/shoal/swarm"
)

// budget counts the block buffers between network and disk, over all torrents.
//
// A unit is the right to one buffer of swarm.BlockLen bytes. It is set aside
// before a block is asked for, goes with the buffer from the reader to the turn,
// the verifier and the store, and is given back by whoever drops the buffer.
// Buffers are kept for the next block; the memory is never more than the units.
type budget struct {
	mu      sync.Mutex
	units   int // in all
	free    int // of those, not set aside
	buffers [][]byte
	waiting []*quota
	quotas  map[*quota]struct{}
}

// purse is one torrent's part of the budget.
type quota struct {
	budget  *budget
	held    int
	waits   bool
	asked   bool   // squeeze was called, and nothing came of it yet
	wake    func() // there are units again; called without a lock
	reclaim func() // others wait: give some back if you can; the same
}

func newBudget(bytes int64) *budget {
	n := int(bytes / swarm.BlockLen)
	return &budget{units: n, free: n, quotas: make(map[*quota]struct{})}
}

func (b *budget) open(wake, squeeze func()) *quota {
	return &quota{budget: b, wake: wake, reclaim: squeeze}
}

// close takes the purse out; all its units must be back.
func (p *quota) close() {
	b := p.budget
	b.mu.Lock()
	delete(b.quotas, p)
	for i, w := range b.waiting {
		if w == p {
			b.waiting = append(b.waiting[:i], b.waiting[i+1:]...)
			break
		}
	}
	b.mu.Unlock()
}

// reserve sets up to n units aside and returns how many it got. A torrent may
// hold at most twice what is left then, so one alone gets two thirds and nobody
// gets the last unit. If it got none it is woken when there are some.
func (p *quota) reserve(n int) int {
	b := p.budget
	b.mu.Lock()
	// held+n <= 2*(free-n)
	n = max(0, min(n, (2*b.free-p.held)/3))
	if len(b.waiting) > 0 && b.free < 2*b.share() {
		n = 0 // those who wait come first
	}
	b.free -= n
	p.held += n
	if p.held > 0 {
		b.quotas[p] = struct{}{}
	}
	var fat *quota
	if n == 0 {
		if !p.waits {
			p.waits = true
			b.waiting = append(b.waiting, p)
		}
		if fat = b.pickVictim(); fat == nil {
			for q := range b.quotas {
				q.asked = false // blocks may have come since
			}
			fat = b.pickVictim()
		}
	}
	b.mu.Unlock()
	if fat != nil {
		fat.reclaim()
	}
	return n
}

// relax says what came of a squeeze: whether memory will come back from it. If not,
// as when the torrent's disk is stuck, the next fattest is asked.
func (p *quota) reclaimDone(gives bool) {
	b := p.budget
	b.mu.Lock()
	var next *quota
	if gives {
		p.asked = false
	} else if len(b.waiting) > 0 {
		next = b.pickVictim()
	}
	b.mu.Unlock()
	if next != nil {
		next.reclaim()
	}
}

// press chooses who is to be squeezed: the fattest that was not asked in vain since
// it last gave memory back. It may be nobody.
func (b *budget) pickVictim() (fat *quota) {
	for p := range b.quotas {
		if p.held > 0 && !p.asked && (fat == nil || p.held > fat.held) {
			fat = p
		}
	}
	if fat != nil {
		fat.asked = true
	}
	return fat
}

// share is how many units there must be for each torrent that is woken: at one
// unit at a time torrents would ask for blocks one by one.
func (b *budget) share() int { return max(1, min(b.units/8, 16)) }

// release gives n units back.
func (p *quota) release(n int) {
	if n == 0 {
		return
	}
	b := p.budget
	b.mu.Lock()
	b.free += n
	p.held -= n
	p.asked = false
	if p.held == 0 {
		delete(b.quotas, p)
	}
	var awake []*quota
	for left := b.free; len(b.waiting) > 0 && left >= b.share(); left -= b.share() {
		b.waiting[0].waits = false
		awake = append(awake, b.waiting[0])
		b.waiting = b.waiting[1:]
	}
	b.mu.Unlock()
	for _, w := range awake {
		w.wake()
	}
}

// buffer returns a buffer for a unit that the caller holds.
func (b *budget) buffer() []byte {
	b.mu.Lock()
	if n := len(b.buffers); n > 0 {
		p := b.buffers[n-1]
		b.buffers = b.buffers[:n-1]
		b.mu.Unlock()
		return p
	}
	b.mu.Unlock()
	return make([]byte, swarm.BlockLen)
}

// keep takes buffers back without their units; entries may be nil.
func (b *budget) keep(buffers ...[]byte) {
	b.mu.Lock()
	for _, p := range buffers {
		if p != nil {
			b.buffers = append(b.buffers, p[:swarm.BlockLen])
		}
	}
	b.mu.Unlock()
}

// drop takes buffers back with their units; entries may be nil.
func (p *quota) drop(buffers ...[]byte) {
	n := 0
	for _, x := range buffers {
		if x != nil {
			n++
		}
	}
	p.budget.keep(buffers...)
	p.release(n)
}

// holds returns the number of units that the torrent has.
func (p *quota) holds() int {
	p.budget.mu.Lock()
	defer p.budget.mu.Unlock()
	return p.held
}

// inUse returns the number of units that are set aside.
func (b *budget) inUse() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.units - b.free
}
