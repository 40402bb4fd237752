package piecepicker

import (
	"math/bits"

	"github.com/shoal-bt/shoal/swarm"
)

// A peer is what the picker knows of one peer.
type peer struct {
	id         swarm.Peer
	has        *Set // its pieces; Picker.fullSet if it has every piece
	requests   int  // number of open requests to it
	duplicates int  // number of these that are extraRequests

	arrivals
	// current is the piece of the last request to it, to continue with; -1 for
	// none.
	current int

	// noOpen, noFresh and noWanted are the generations of open, fresh and
	// wanted pieces of which it had none; 0 for unknown.
	noOpen, noFresh, noWanted uint64

	// wantedWord is the index of the word of Picker.wanted in which Wants last
	// found a piece of this peer.
	wantedWord int
}

// Join adds a peer. It copies have, and ignores bits of have that are outside the torrent.
// If the peer has joined before, it leaves first.
func (p *Picker) Join(id swarm.Peer, have swarm.Bitfield) {
	p.Leave(id)
	has := p.fullSet
	if has == nil || !isFull(have, p.board.pieces) {
		has = p.shareFull(setOf(have, p.board.pieces))
	}
	p.peers[id] = &peer{id: id, has: has, current: -1}
	p.countAvailability(has, 1)
}

// shareFull returns s, or the shared set if s has every piece.
func (p *Picker) shareFull(s *Set) *Set {
	if !s.Full() || s.pieces == 0 {
		return s
	}
	if p.fullSet == nil {
		p.fullSet = s
	}
	return p.fullSet
}

// Have says that a peer now has a piece, or no longer
// (https://www.bittorrent.org/beps/bep_0054.html).
func (p *Picker) Have(id swarm.Peer, piece int, has bool) {
	r := p.peers[id]
	if r == nil || piece < 0 || piece >= p.board.pieces || r.has.Has(piece) == has {
		return
	}
	if r.has == p.fullSet {
		r.has = r.has.clone()
	}
	r.has.put(piece, has)
	r.has = p.shareFull(r.has)
	if has {
		r.noOpen, r.noFresh = 0, 0
		if p.wanted.Has(piece) {
			r.noWanted = 0 // otherwise Wants would look at all pieces for each that we hold
		}
		p.changeKey(piece, 1)
	} else {
		p.changeKey(piece, -1)
	}
}

// Leave forgets a peer. Blocks that were requested from it alone become free to pick.
func (p *Picker) Leave(id swarm.Peer) {
	r := p.peers[id]
	if r == nil {
		return
	}
	// Backwards, because reindex may remove the partial.
	for i := len(p.partials) - 1; i >= 0 && i < len(p.partials); i-- {
		t := p.partials[i]
		if t.reserved && t.owner == id {
			t.reserved = false
		}
		if r.requests == 0 {
			continue
		}
		for n := range t.blocks {
			p.forgetRequest(t, n, r)
		}
		p.reindex(int(t.piece))
	}
	delete(p.peers, id)
	p.countAvailability(r.has, -1)
	if len(p.peers) == 0 && !p.started && p.board.askableCount == 0 {
		p.board.keys, p.board.sharedCount = nil, 0
	}
}

// Wants reports whether a peer has a piece that is wanted and not held.
//
// It starts where it last found one, so all calls during a download together read the
// peer's pieces only a few times. It also remembers that a peer has none.
func (p *Picker) Wants(id swarm.Peer) bool {
	r := p.peers[id]
	if r == nil {
		return false
	}
	if r.has == p.fullSet || p.wanted.Len() == 0 {
		return p.wanted.Len() > 0
	}
	if r.noWanted == p.wantedGen {
		return false
	}
	ours, theirs := p.wanted.Words(), r.has.Words()
	for range ours {
		if ours[r.wantedWord]&theirs[r.wantedWord] != 0 {
			return true
		}
		if r.wantedWord++; r.wantedWord == len(ours) {
			r.wantedWord = 0
		}
	}
	r.noWanted = p.wantedGen
	return false
}

// countAvailability adds by to the availability of a peer's pieces. If the peer has most
// pieces, it changes the number that all pieces share, and the keys of the others.
func (p *Picker) countAvailability(has *Set, by int) {
	var flip uint64
	if 2*has.Len() > p.board.pieces {
		flip = ^flip
		p.board.sharedCount += int32(by)
		by = -by
	}
	if (has.Full() && flip != 0) || (has.Len() == 0 && flip == 0) {
		return
	}
	for k, word := range has.Words() {
		for word = (word ^ flip) & has.validBits(k); word != 0; word &= word - 1 {
			p.changeKey(k*64+bits.TrailingZeros64(word), by)
		}
	}
}

// changeKey adds by, which is 1 or -1, to the key of a piece.
func (p *Picker) changeKey(piece, by int) {
	b := &p.board
	if b.keys == nil {
		b.keys = make([]int32, b.pieces)
	}
	old := b.keys[piece]
	b.keys[piece] = old + int32(by)
	fresh := b.fresh.Has(piece)
	if !fresh {
		if t := p.partial(piece); t == nil || t.openIndex < 0 {
			return
		}
	}
	b.countAskable(old, -1)
	b.countAskable(old+int32(by), 1)
	if fresh && p.started {
		p.order.Moved(piece, by)
	}
}
