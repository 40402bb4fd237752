// Package budget shares the block buffers between network and disk among torrents ([Budget]),
// and those of blocks on their way to peers ([Uploads]).
//
// A unit is the right to one buffer of [swarm.BlockLen] bytes. A torrent sets a unit
// aside before it requests a block ([Quota.Reserve]); a reader takes a buffer for it
// ([Budget.Buffer]); and when the block is written or dropped, both are given back ([Quota.Drop]).
// Buffers are kept for the next block, so the memory is never more than the units.
//
// When a torrent gets no unit it waits, and the torrent that holds most is asked to
// give some back. Nobody waits inside a call: what follows comes by the two functions
// that are given to [Budget.Open], or by the one given to [Uploads.Wait].
//
// # Concurrency
//
// A Budget, its Quotas and Uploads may be used by many goroutines at once. The functions given
// to Open are called without a lock, and that of Wait with one, by the goroutine that released
// memory or asked for it.
package budget

import (
	"sync"

	"github.com/shoal-bt/shoal/swarm"
)

// A Budget is the block buffers of all torrents.
type Budget struct {
	mu      sync.Mutex
	units   int // in all
	free    int // of those, not set aside
	buffers [][]byte
	waiting []*Quota // first come, first served
	holders map[*Quota]struct{}
	opened  int // Quotas so far
}

// A Quota is one torrent's share of a Budget. It implements protocol.Memory.
type Quota struct {
	budget    *Budget
	number    int // in the order of Open
	held      int
	waits     bool
	asked     bool // reclaim was called, and no memory has come back yet
	onRefill  func()
	onReclaim func()
}

// New returns a Budget of the given number of bytes.
func New(bytes int64) *Budget {
	n := int(bytes / swarm.BlockLen)
	return &Budget{units: n, free: n, holders: make(map[*Quota]struct{})}
}

// Open returns a share that holds nothing yet. refilled is called when there are
// units again after Reserve gave none; reclaim when others wait and this share holds
// most. Both must return at once and must not call the Quota.
func (b *Budget) Open(refilled, reclaim func()) *Quota {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.opened++
	return &Quota{budget: b, number: b.opened, onRefill: refilled, onReclaim: reclaim}
}

// Close takes the share out; all its units must be back.
func (q *Quota) Close() {
	b := q.budget
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.holders, q)
	for i, w := range b.waiting {
		if w == q {
			b.waiting = append(b.waiting[:i], b.waiting[i+1:]...)
			break
		}
	}
}

// Reserve sets up to n units aside and returns how many it got. A torrent may hold at
// most twice the units that are left afterwards, so one alone gets two thirds and
// nobody gets the last unit. If it got none, refilled is called when there are some.
func (q *Quota) Reserve(n int) int {
	b := q.budget
	b.mu.Lock()
	// From held+n <= 2*(free-n).
	n = max(0, min(n, (2*b.free-q.held)/3))
	if len(b.waiting) > 0 && b.free < 2*b.share() {
		n = 0 // those who wait come first
	}
	b.free -= n
	q.held += n
	if q.held > 0 {
		b.holders[q] = struct{}{}
	}
	var victim *Quota
	if n == 0 {
		if !q.waits {
			q.waits = true
			b.waiting = append(b.waiting, q)
		}
		victim = b.pickVictim()
		if victim == nil {
			for o := range b.holders {
				o.asked = false // blocks may have come since
			}
			victim = b.pickVictim()
		}
	}
	b.mu.Unlock()
	if victim != nil {
		victim.onReclaim()
	}
	return n
}

// Reclaimed answers reclaim: whether memory will come back from it. If not, because
// the torrent's disk is stuck for example, the next largest share is asked.
func (q *Quota) Reclaimed(gives bool) {
	b := q.budget
	b.mu.Lock()
	var next *Quota
	if gives {
		q.asked = false
	} else if len(b.waiting) > 0 {
		next = b.pickVictim()
	}
	b.mu.Unlock()
	if next != nil {
		next.onReclaim()
	}
}

// pickVictim chooses who is asked to give memory back: the largest share that was not
// asked in vain since it last gave some, and of equal ones the oldest. It may be nobody.
func (b *Budget) pickVictim() (largest *Quota) {
	for q := range b.holders {
		if q.held == 0 || q.asked {
			continue
		}
		isLarger := largest == nil || q.held > largest.held
		if isLarger || (q.held == largest.held && q.number < largest.number) {
			largest = q
		}
	}
	if largest != nil {
		largest.asked = true
	}
	return largest
}

// share is how many units there must be for each torrent whose refilled is called:
// with one unit at a time torrents would request blocks one by one.
func (b *Budget) share() int { return max(1, min(b.units/8, 16)) }

// Release gives n units back that have no buffer.
func (q *Quota) Release(n int) {
	if n == 0 {
		return
	}
	b := q.budget
	b.mu.Lock()
	b.free += n
	q.held -= n
	q.asked = false
	if q.held == 0 {
		delete(b.holders, q)
	}
	var refilled []*Quota
	for left := b.free; len(b.waiting) > 0 && left >= b.share(); left -= b.share() {
		b.waiting[0].waits = false
		refilled = append(refilled, b.waiting[0])
		b.waiting = b.waiting[1:]
	}
	b.mu.Unlock()
	for _, w := range refilled {
		w.onRefill()
	}
}

// Buffer returns a buffer of swarm.BlockLen bytes for a unit that the caller's torrent
// holds.
func (b *Budget) Buffer() []byte {
	b.mu.Lock()
	n := len(b.buffers)
	if n > 0 {
		p := b.buffers[n-1]
		b.buffers = b.buffers[:n-1]
		b.mu.Unlock()
		return p
	}
	b.mu.Unlock()
	return make([]byte, swarm.BlockLen)
}

// keep takes buffers back without their units, and returns how many there were.
// Entries may be nil.
func (b *Budget) keep(bufs [][]byte) (n int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, p := range bufs {
		if p != nil {
			b.buffers = append(b.buffers, p[:swarm.BlockLen])
			n++
		}
	}
	return n
}

// Keep takes a buffer back; its unit stays with the torrent.
func (q *Quota) Keep(buf []byte) {
	b := q.budget
	b.mu.Lock()
	defer b.mu.Unlock()
	b.buffers = append(b.buffers, buf[:swarm.BlockLen])
}

// Drop takes buffers back together with their units. Entries may be nil.
func (q *Quota) Drop(bufs [][]byte) { q.Release(q.budget.keep(bufs)) }

// Held returns the number of units that the torrent holds.
func (q *Quota) Held() int {
	q.budget.mu.Lock()
	defer q.budget.mu.Unlock()
	return q.held
}

// Units returns the number of units of all torrents together.
func (q *Quota) Units() int { return q.budget.units }

// Units returns the number of units, set aside or not.
func (b *Budget) Units() int { return b.units }

// InUse returns the number of units that are set aside.
func (b *Budget) InUse() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.units - b.free
}
