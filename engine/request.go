package engine

import (
	"maps"
	"slices"
	"time"

	"github.com/shoal-bt/shoal/peerwire"
	"github.com/shoal-bt/shoal/swarm"
)

const (
	leastBegun  = 4             // partial pieces that a torrent may always have
	leastSpill  = 64            // blocks that are written before their piece is whole, to have memory again
	giveUpAfter = time.Minute   // of no block: units set aside for the peer go to others
	stallTries  = 3             // times that a peer may be given up, until it goes
	nobody      = swarm.Peer(0) // the number of no connection

	// maxUnasked is the bytes that a peer may send beyond all that it was ever
	// asked for. Requests that were cancelled or given up count as asked, for
	// their blocks may be under way; so nobody who answers each once comes near.
	maxUnasked = 4 << 20
)

// fill asks the peer for as many blocks as its pace and the memory allow.
func (s *state) requestBlocks(now time.Time, p *peerState) {
	if !s.active() || p.closing || !p.amInterested || p.choking && len(p.allowed) == 0 {
		return
	}
	room := p.pace.room(len(p.requests))
	// Few requests a message cost more than a queue that is an eighth shorter.
	if room < 1 || len(p.requests) > 0 && room < min(p.pace.queue, p.pace.limit)/8 {
		return
	}
	granted := s.memory.reserve(room)
	if granted == 0 {
		s.waitsForMemory = true
		if 2*s.buffersOut > s.memory.holds() {
			s.do(hurry{})
		}
		return
	}
	spread := s.spreadPieces()
	ask := swarm.Ask{
		Peer: p.id, MaxBlocks: granted, MaxNewPieces: s.maxNewPieces(granted, spread), First: p.suggest,
		Exclusive: p.parole, Now: now, Delay: p.pace.meanTrip, Spread: spread,
	}
	if p.choking {
		ask.Only = p.allowed
	}
	s.picked = s.picker.Pick(s.picked[:0], ask)
	if len(s.picked) == 0 && ask.MaxNewPieces == 0 && len(p.requests) == 0 {
		// The pieces that are begun are of no use to this peer; a peer that
		// has others must not wait for those who left them.
		ask.MaxNewPieces = 1
		s.picked = s.picker.Pick(s.picked, ask)
	}
	if len(s.picked) == 0 && ask.Exclusive && !p.choking && len(p.requests) == 0 && s.restartForParole(p) {
		s.picked = s.picker.Pick(s.picked, ask)
	}
	s.memory.release(granted - len(s.picked))
	if len(s.picked) == 0 {
		return
	}
	if len(p.requests) == 0 {
		p.lastBlock = now
	}
	anyLate := slices.ContainsFunc(p.requests, func(r request) bool { return r.late })
	for _, b := range s.picked {
		s.assemblyOf(b.Piece)
		if anyLate && s.reviveRequest(now, p, b) {
			continue
		}
		p.tally.credits.Add(1)
		p.requests = append(p.requests, request{block: b, sent: now})
		s.sendRequest(now, p, b)
	}
	s.scheduleTimeouts(now)
}

func (s *state) sendRequest(now time.Time, p *peerState, b swarm.Block) {
	p.bytesAsked += int64(b.Length)
	s.send(now, p, peerwire.Message{Kind: peerwire.Request, Block: b})
}

// revive makes an open request for b, which was late, one that counts again; its
// unit is still set aside. It reports false if there is none.
func (s *state) reviveRequest(now time.Time, p *peerState, b swarm.Block) bool {
	i := p.findRequest(b)
	if i < 0 {
		return false
	}
	if r := p.removeRequest(i); r.void {
		s.sendRequest(now, p, b)
	}
	p.requests = append(p.requests, request{block: b, sent: now})
	s.memory.release(1)
	return true
}

// mayBegin returns how many new pieces may be begun to ask for n blocks: partial
// pieces are kept few, and yet the peers' queues are filled. Pieces over which requests
// are spread are followed by as many while their last blocks come.
func (s *state) maxNewPieces(n, spread int) int {
	senders := 0
	for _, p := range s.order {
		if !p.choking && p.amInterested {
			senders++
		}
	}
	perPiece := int((s.geo.PieceLength + swarm.BlockLen - 1) / swarm.BlockLen)
	most := max(leastBegun, senders+senders/2) + (s.memory.budget.units+perPiece-1)/perPiece
	if spread > 1 {
		return max(0, min(most+2*spread-len(s.assembly), spread))
	}
	return max(0, min(most-len(s.assembly), n/perPiece+1))
}

// receiveBlock takes in a block. Its buffer comes with one unit.
func (s *state) receiveBlock(now time.Time, p *peerState, m peerwire.Message) {
	p.bytesGot += int64(m.Block.Length)
	i := p.findRequest(m.Block)
	if i < 0 || m.Data == nil {
		s.discardUnasked(now, p, m, i)
		return
	}
	r := p.removeRequest(i)
	var trip time.Duration
	if !r.late {
		trip = max(now.Sub(r.sent), time.Microsecond)
	}
	p.lastBlock, p.stalls, p.refusedByPeer = now, 0, 0
	p.pace.arrived(now, m.Block.Length, trip)
	var missing bool
	s.duplicates, missing = s.picker.Arrive(s.duplicates[:0], p.id, m.Block)
	for _, id := range s.duplicates {
		s.cancelDuplicate(now, id, m.Block)
	}
	if !missing {
		s.wasted += int64(len(m.Data))
		s.memory.drop(m.Data)
		return
	}
	s.book.resetBackoff(p.dialAddr)
	a := s.assemblyOf(m.Block.Piece)
	if a.addBlock(p, m.Block, m.Data) {
		s.submit(a)
	} else {
		s.hashSection(a, s.minSection)
	}
}

// receiveUnasked throws a block away. i is the request for it that found no
// buffer, or -1 for none. Too many such end the connection.
func (s *state) discardUnasked(now time.Time, p *peerState, m peerwire.Message, i int) {
	s.wasted += int64(m.Block.Length)
	if m.Data != nil {
		// It took a buffer that was meant for another block: keep that
		// one's unit.
		s.memory.budget.keep(m.Data)
		p.tally.credits.Add(1)
	}
	if i >= 0 {
		if r := p.removeRequest(i); !r.late {
			s.picker.Drop(p.id, r.block)
			s.repick = true
		}
	}
	if p.bytesGot > p.bytesAsked+maxUnasked {
		s.closePeer(now, p, protocolError(peerwire.Piece, "%d bytes that nobody asked for", p.bytesGot-p.bytesAsked))
	}
}

// trim gives back the units of a peer that no request stands for: a block that comes
// after a choke takes the place of the one that is asked for anew.
func (s *state) trimCredits(p *peerState) {
	if n := int(p.tally.credits.Load()) - len(p.requests); n > 0 {
		s.memory.release(p.tally.takeCredits(n))
	}
}

// tellLoser cancels a block that another peer sent first. The request stays, for
// the block may be under way; BEP 6 promises an answer, and else giveUp forgets it.
func (s *state) cancelDuplicate(now time.Time, id swarm.Peer, b swarm.Block) {
	p := s.peers[id]
	if p == nil || p.closing {
		return
	}
	if i := p.findRequest(b); i >= 0 && !p.requests[i].late {
		p.requests[i].late, p.requests[i].void = true, true
		s.send(now, p, peerwire.Message{Kind: peerwire.Cancel, Block: b})
	}
}

// overdue looks for blocks that should have been here. What a stalled peer owes
// becomes free for others; its units wait on, for it may still send.
func (s *state) checkRequests(now time.Time, p *peerState) {
	if len(p.requests) == 0 {
		return
	}
	wait := p.pace.timeout()
	silent := now.Sub(p.lastBlock)
	if silent >= giveUpAfter {
		s.giveUpRequests(now, p)
		return
	}
	stalled := silent > wait
	if stalled {
		p.pace.stalled()
	}
	for i := range p.requests {
		r := &p.requests[i]
		// Blocks come in order: one that was asked for long before others
		// that came is lost.
		if !r.late && (stalled || now.Sub(r.sent) > 2*wait+stallCover && r.sent.Before(p.lastBlock.Add(-2*wait))) {
			r.late, r.void = true, !stalled
			s.picker.Drop(p.id, r.block)
			s.repick = true
		}
	}
	// Cancelled blocks of a peer without BEP 6 are never answered.
	for len(p.requests) > 0 && p.requests[0].late && now.Sub(p.requests[0].sent) > giveUpAfter {
		p.removeRequest(0)
		s.memory.release(p.tally.takeCredits(1))
	}
}

// giveUp takes back the units that were set aside for a peer that sends nothing.
func (s *state) giveUpRequests(now time.Time, p *peerState) {
	if p.stalls++; p.stalls >= stallTries {
		s.closePeer(now, p, errTimeout)
		return
	}
	for _, r := range p.requests {
		if !r.late {
			s.picker.Drop(p.id, r.block)
		}
		s.send(now, p, peerwire.Message{Kind: peerwire.Cancel, Block: r.block})
	}
	s.memory.release(p.tally.takeCredits(len(p.requests)))
	p.requests = p.requests[:0]
	p.lastBlock = now
	p.pace.stalled()
	s.repick = true
}

// memory says that there are units again.
type refilled struct{}

func (refilled) apply(now time.Time, s *state) {
	s.waitsForMemory = false
	s.repick = true
}

// squeeze says that another torrent, or this one, got no memory.
type reclaim struct{}

func (reclaim) apply(now time.Time, s *state) {
	gives := false
	defer func() { s.memory.reclaimDone(gives) }()
	if s.phase == PhaseClosed {
		return
	}
	before := s.buffersOut
	if s.hashEarly() {
		gives = before == 0
		s.do(hurry{})
	}
	for s.buffersOut < leastSpill { // what is there comes back by itself
		a := s.leastComplete()
		if a == nil {
			return
		}
		gives = gives || s.buffersOut == 0 // else the disk may be stuck
		numbers, bufs := a.takeBuffers()
		s.buffersOut += len(bufs)
		s.do(spill{a, numbers, bufs})
	}
}

// lastDone returns the partial piece with most to come, which will be done last.
func (s *state) leastComplete() (last *assembly) {
	for _, a := range s.assembly {
		if a.bufferCount() == 0 || a.spilling > 0 || a.checking {
			continue
		}
		if last == nil || a.missing() > last.missing() || a.missing() == last.missing() && a.piece > last.piece {
			last = a
		}
	}
	return last
}

// spilled says that blocks of a partial piece were written.
type spilled struct {
	asm     *assembly
	numbers []int
	bufs    [][]byte
	err     error
}

func (e spilled) apply(now time.Time, s *state) {
	s.buffersOut -= len(e.bufs)
	s.memory.drop(e.bufs...)
	a := e.asm
	if s.assembly[a.piece] != a {
		return // it was forgotten meanwhile
	}
	a.spilling -= len(e.numbers)
	if e.err != nil {
		a.removeBlocks(e.numbers)
		s.picker.Lose(a.piece, e.numbers)
		s.fail(now, e.err)
		return
	}
	if a.readyToCheck() {
		s.submit(a)
	}
}

// restore takes in the blocks that a former run spilled.
func (s *state) restoreSpilled(spilled map[int][]int) {
	for _, piece := range slices.Sorted(maps.Keys(spilled)) {
		if piece < 0 || piece >= s.n || s.have.Has(piece) {
			continue
		}
		a := s.assemblyOf(piece)
		for _, k := range spilled[piece] {
			if k >= 0 && k < len(a.arrived) && !a.arrived[k] && s.geo.Contains(s.geo.Block(piece, k)) {
				a.addStored(k)
				a.restored = true
			}
		}
		if a.readyToCheck() {
			s.submit(a)
		}
	}
}
