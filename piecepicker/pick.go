package piecepicker

import (
	"time"

	"github.com/shoal-bt/shoal/swarm"
)

// maxCompared is how many open pieces Pick compares before it takes the best of them. It
// compares more only until it finds a first one.
const maxCompared = 512

// A pick is the state of one call of Pick.
type pick struct {
	p             *Picker
	r             *peer
	has           *Set // the peer's pieces, without those that are left for faster peers
	ask           swarm.Ask
	dst           []swarm.Block
	blocksLeft    int // blocks that may still be picked
	newPiecesLeft int // pieces that may still be begun
	now           int64
	dueAt         int64 // when the next block that is picked should arrive
	faster        faster
}

// Pick appends to dst the blocks to request from a peer, best first, and counts them as
// requested. It allocates memory only to begin a piece, and only until it can use the
// memory of a finished piece.
func (p *Picker) Pick(dst []swarm.Block, a swarm.Ask) []swarm.Block {
	r := p.peers[a.Peer]
	if r == nil || a.MaxBlocks <= 0 || p.wanted.Len() == 0 {
		return dst
	}
	p.startOrder(a.Now)
	now := p.time(a.Now)
	k := pick{
		p:             p,
		r:             r,
		has:           r.has,
		ask:           a,
		dst:           dst,
		blocksLeft:    a.MaxBlocks,
		newPiecesLeft: a.MaxNewPieces,
		now:           now,
		dueAt:         now + int64(a.Delay),
	}
	r.expect(now, a)
	if a.Only != nil {
		k.listed(a.Only)
	} else {
		k.deadlinePieces()
		k.listed(a.First)
		if a.Spread > 1 {
			k.sideBySide()
		}
		k.currentPiece()
		k.openPieces()
		k.leftForFaster()
	}
	k.endGamePicks()
	return k.dst
}

// startOrder fills the order with the fresh pieces at the first Pick.
func (p *Picker) startOrder(now time.Time) {
	if p.started {
		return
	}
	if p.origin.IsZero() {
		p.origin = now
		if p.seed == 0 && !now.IsZero() {
			p.seed = uint64(now.UnixNano())
		}
	}
	if o, ok := p.order.(*Rarest); ok && o.Seed == 0 {
		o.Seed = p.seed
	}
	p.started = true
	p.order.Start(&p.board)
	for piece := range p.board.fresh.each {
		p.order.Add(piece)
	}
}

// time returns t in the picker's time: nanoseconds since the first Ask.
func (p *Picker) time(t time.Time) int64 { return int64(t.Sub(p.origin)) }

// offers reports whether the peer has a piece that is wanted, and that is not left for faster peers.
func (k *pick) offers(piece int) bool {
	return k.has.Has(piece) && k.p.wanted.Has(piece)
}

// mayHelp reports whether the peer may send blocks of a piece that was begun. A peer on
// parole may not if another peer sends or sent some.
func (k *pick) mayHelp(t *partial) bool {
	return !k.ask.Exclusive || t.onlyFrom(k.r.id)
}

// listed picks from the given pieces, first from those that are begun.
func (k *pick) listed(pieces []int) {
	for _, piece := range pieces {
		if k.blocksLeft > 0 && k.offers(piece) {
			if t := k.p.partial(piece); t != nil && k.mayHelp(t) {
				k.pickFrom(t, int(t.freeFrom))
			}
		}
	}
	for _, piece := range pieces {
		if k.blocksLeft > 0 && k.offers(piece) && k.p.partial(piece) == nil {
			if t := k.begin(piece); t != nil {
				k.pickFrom(t, 0)
			}
		}
	}
}

// currentPiece picks from the piece that the peer already sends, because the fewer peers
// send blocks of a piece, the easier it is to find out who sent bad ones.
func (k *pick) currentPiece() {
	if k.blocksLeft == 0 || k.r.current < 0 {
		return
	}
	t := k.p.partial(k.r.current)
	if t != nil && t.openIndex >= 0 && k.offers(k.r.current) && k.mayHelp(t) {
		k.pickFrom(t, int(t.freeFrom))
	}
}

// openPieces picks from pieces that are begun, then from new ones. But a new piece that
// only this peer has comes before one that others can send as well. Last it picks from
// pieces that are reserved for a peer on parole, or have no run of blocks that suits the
// peer.
func (k *pick) openPieces() {
	for k.blocksLeft > 0 {
		t, from := k.bestOpen(false)
		if piece, ok := k.solePiece(t); ok {
			k.pickRun(piece)
			continue
		}
		if t == nil || k.p.board.freshAbove(int(t.piece)) {
			if piece, ok := k.nextPiece(); ok && (t == nil || k.p.board.Priority(piece) > k.p.board.Priority(int(t.piece))) {
				k.pickRun(piece)
				continue
			}
		}
		if t == nil {
			break
		}
		k.pickFrom(t, from)
	}
	for k.blocksLeft > 0 {
		t, from := k.bestOpen(true)
		if t == nil {
			return
		}
		k.pickFrom(t, from)
	}
}

// solePiece returns a piece to begin that only this peer has, if others have t too and both
// have the same priority. Many peers can send t, but what a seed alone has must leave it
// soon: until then it sends other pieces a second time.
func (k *pick) solePiece(t *partial) (int, bool) {
	p, r := k.p, k.r
	order, ok := p.order.(soleOrder)
	if !ok || t == nil || k.newPiecesLeft <= 0 || r.noFresh == p.freshGen || p.board.Availability(int(t.piece)) <= 1 {
		return 0, false
	}
	return order.sole(p.board.Priority(int(t.piece)), k.has)
}

// bestOpen returns the open piece to pick from, and the number of the block to start at.
// It skips pieces that are reserved or have no suitable run, unless last is set.
func (k *pick) bestOpen(last bool) (best *partial, from int) {
	p, r := k.p, k.r
	if r.noOpen == p.openGen {
		return nil, 0
	}
	offered := false
	var a Partial
	for i, t := range p.open {
		if i >= maxCompared && best != nil {
			break
		}
		if !k.has.Has(int(t.piece)) {
			continue
		}
		offered = true
		if !k.mayHelp(t) || (!last && t.reservedForOther(r.id)) {
			continue
		}
		start := int(t.freeFrom)
		if k.ask.RunLength > 0 && !last {
			if start = t.findRun(k.ask.RunLength); start < 0 {
				continue
			}
		}
		b := p.describe(t)
		if best != nil {
			d := p.board.Priority(b.Piece) - p.board.Priority(a.Piece)
			if d < 0 || (d == 0 && !p.queue.Before(b, a)) {
				continue
			}
		}
		best, from, a = t, start, b
	}
	if !offered && k.has == r.has {
		r.noOpen = p.openGen
	}
	return best, from
}

// describe returns what a Queue sees of a piece.
func (p *Picker) describe(t *partial) Partial {
	return Partial{
		Piece:        int(t.piece),
		Blocks:       int(t.count),
		Missing:      int(t.missing),
		Free:         int(t.free),
		Availability: p.board.Availability(int(t.piece)),
		Begun:        t.begun,
	}
}

// nextPiece returns the piece to begin next, if the peer may begin one.
func (k *pick) nextPiece() (int, bool) {
	p, r := k.p, k.r
	if k.newPiecesLeft <= 0 || r.noFresh == p.freshGen || p.board.fresh.Len() == 0 {
		return 0, false
	}
	piece, ok := p.order.Next(k.has)
	if !ok {
		if k.has == r.has {
			r.noFresh = p.freshGen
		}
		return 0, false
	}
	// An Order of the user's own may return any number.
	return piece, p.board.fresh.Has(piece) && k.has.Has(piece)
}

// begin begins a piece, or returns nil if MaxNewPieces are begun.
func (k *pick) begin(piece int) *partial {
	if k.newPiecesLeft <= 0 {
		return nil
	}
	k.newPiecesLeft--
	t := k.p.addPartial(piece)
	k.p.setFresh(piece, false)
	return t
}

// pickRun begins a piece and picks from it. It continues with the pieces after it until
// there are RunLength consecutive blocks.
func (k *pick) pickRun(piece int) {
	before := k.blocksLeft
	for {
		t := k.begin(piece)
		if t == nil {
			return
		}
		k.pickFrom(t, 0)
		piece++
		enough := k.blocksLeft == 0 || before-k.blocksLeft >= k.ask.RunLength
		if enough || !k.p.board.fresh.Has(piece) || !k.has.Has(piece) {
			return
		}
	}
}

// pickFrom picks free blocks of a piece, from block n on.
func (k *pick) pickFrom(t *partial, n int) {
	if t.free == 0 {
		return
	}
	first := n == int(t.freeFrom)
	for ; k.blocksLeft > 0 && t.free > 0 && n < len(t.blocks); n++ {
		if b := &t.blocks[n]; b.state == free {
			*b = block{peer: k.r.id, dueAt: k.dueAt, serial: k.r.serial, state: requested}
			t.free--
			k.blocksLeft--
			k.dueAt += int64(k.ask.Each)
			k.r.serial++
			k.r.requests++
			k.dst = append(k.dst, t.block(n))
		}
	}
	if first {
		t.freeFrom = int32(n)
	}
	if k.ask.Exclusive {
		t.reserved, t.owner = true, k.r.id
	}
	k.r.current = int(t.piece)
	k.p.reindexOpen(t, true)
}
