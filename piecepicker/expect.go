package piecepicker

import (
	"slices"
	"time"

	"github.com/shoal-bt/shoal/swarm"
)

const (
	// maxFaster is how many of the fastest other peers Pick reckons with.
	maxFaster = 8

	// staleAfter is how long after it should have asked again a peer does not count as fast any
	// more: it may have stalled.
	staleAfter = int64(250 * time.Millisecond)
)

// arrivals is when blocks of one peer should arrive, by its last Ask. Times are in nanoseconds, and
// askedAt is in the picker's time.
type arrivals struct {
	serial      uint32 // of the next request to the peer
	askedSerial uint32 // serial at the last Ask
	askedAt     int64
	delay, each int64 // as in the Ask
}

// expect notes an Ask.
func (r *arrivals) expect(now int64, a swarm.Ask) {
	r.askedAt, r.askedSerial, r.delay, r.each = now, r.serial, int64(a.Delay), int64(a.Each)
}

// expected returns when a block should arrive that was requested with a serial number, or dueAt if
// the rate of the peer is not known. Blocks arrive in the order of their requests.
func (r *arrivals) expected(serial uint32, dueAt int64) int64 {
	if r.each == 0 {
		return dueAt
	}
	after := int64(int32(serial - r.askedSerial))
	return max(r.askedAt, r.askedAt+r.delay+after*r.each)
}

// expectedIn returns how long block n, which is requested, should take to arrive from now on. What
// is overdue may take as long again.
func (k *pick) expectedIn(t *partial, n int) int64 {
	b := &t.blocks[n]
	first := k.p.peers[b.peer]
	at := first.expected(b.serial, b.dueAt)
	isUnknown := first.each == 0
	if b.extras > 0 {
		for _, m := range t.extraRequests {
			if int(m.block) == n {
				at = min(at, k.p.peers[m.peer].expected(m.serial, m.dueAt))
				isUnknown = false
			}
		}
	}
	// A peer whose rate is not known gets as long as two blocks of this one would take.
	askedFor := k.now - (b.dueAt - first.delay)
	if isUnknown && askedFor < 2*(k.dueAt-k.now) {
		return 0
	}
	wait := at - k.now
	return max(wait, -wait)
}

// faster are other peers that send a block that is requested now much sooner than the one that is
// asked, the fastest first.
type faster struct {
	peers   [maxFaster]*peer
	n       int
	ahead   int // free blocks that were left for them
	last    int // the last piece of these; -1 for none
	piece   int // of which what follows holds
	perNano float64
	delay   float64 // mean, in nanoseconds
}

// findFaster finds the peers that are faster than the one that is asked. A peer of which nothing
// is known is slower than those that send.
func (k *pick) findFaster() {
	f := &k.faster
	*f = faster{last: -1, piece: -1}
	mine := int64(k.ask.Delay + k.ask.Each)
	for _, q := range k.p.peers {
		isFresh := q.each > 0 && k.now-q.askedAt < q.delay+staleAfter
		if q == k.r || !isFresh || 3*q.delay >= 2*mine {
			continue
		}
		i, _ := slices.BinarySearchFunc(f.peers[:f.n], q, compareDelay)
		if i == maxFaster {
			continue
		}
		f.n = min(f.n+1, maxFaster)
		copy(f.peers[i+1:f.n], f.peers[i:f.n-1])
		f.peers[i] = q
	}
}

// compareDelay orders peers, so that no choice depends on the order of a map.
func compareDelay(a, b *peer) int {
	switch {
	case a.delay != b.delay:
		return int(min(max(a.delay-b.delay, -1), 1))
	case a.id < b.id:
		return -1
	}
	return 1
}

// leaves reports whether faster peers will bring the next free block of a piece sooner than the peer
// that is asked, though they bring the free blocks before it first.
func (f *faster) leaves(k *pick, piece int) bool {
	if f.n == 0 {
		return false
	}
	if f.piece != piece {
		f.piece, f.perNano, f.delay = piece, 0, 0
		for _, q := range f.peers[:f.n] {
			if q.has.Has(piece) {
				rate := 1 / float64(q.each)
				f.perNano += rate
				f.delay += rate * float64(q.delay)
			}
		}
		if f.perNano > 0 {
			f.delay /= f.perNano
		}
	}
	return f.perNano > 0 && float64(k.dueAt-k.now) > f.delay+float64(f.ahead+1)/f.perNano
}

// pickLater picks those free blocks of a piece that faster peers would not bring sooner, and reports
// whether there were any. t is nil if the piece is not begun.
func (k *pick) pickLater(piece int, t *partial) (found bool) {
	f := &k.faster
	f.last = piece
	count := k.p.geometry.BlockCount(piece)
	if t != nil {
		count = int(t.free)
	}
	f.ahead += count - 1
	isLastLeft := f.leaves(k, piece)
	k.leave(piece)
	if isLastLeft {
		f.ahead++
		return false
	}
	f.ahead -= count - 1
	if t == nil {
		t = k.begin(piece)
		if t == nil {
			return false
		}
	}
	most, before := k.blocksLeft, k.blocksLeft
	for n := int(t.freeFrom); n < len(t.blocks) && most > 0; n++ {
		switch {
		case t.blocks[n].state != free:
		case f.leaves(k, piece):
			f.ahead++
		default:
			k.blocksLeft = 1
			k.pickFrom(t, n)
			most--
		}
	}
	k.blocksLeft = most
	if most == before && t.untouched() {
		k.p.reindex(piece) // it was begun for nothing: some of its blocks are pad
		k.newPiecesLeft++
	}
	return most < before
}

// leave has the rest of the pick pass a piece over.
func (k *pick) leave(piece int) {
	p := k.p
	if k.has == k.r.has {
		if p.leaving == nil {
			p.leaving = newSet(p.board.pieces)
		}
		p.leaving.assign(k.has)
		k.has = p.leaving
	}
	k.has.put(piece, false)
}

// leftForFaster picks a few blocks that were left for faster peers if nothing is requested of this
// one, because they may not bring them after all. They are of the piece that is needed last.
func (k *pick) leftForFaster() {
	piece := k.faster.last
	k.has = k.r.has
	if k.faster.n == 0 || piece < 0 || k.r.requests > 0 || k.blocksLeft == 0 || !k.offers(piece) {
		return
	}
	t := k.p.partial(piece)
	if t == nil {
		t = k.begin(piece)
	}
	if t == nil || !k.mayHelp(t) {
		return
	}
	most := k.blocksLeft
	k.blocksLeft = min(most, fewLeft)
	before := k.blocksLeft
	k.pickFrom(t, int(t.freeFrom))
	k.blocksLeft = most - (before - k.blocksLeft)
}
