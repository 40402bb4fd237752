package engine

import (
	"slices"
	"time"

	"github.com/shoal-bt/shoal/peerwire"
	"github.com/shoal-bt/shoal/swarm"
)

const (
	maxServing   = 2000 // requests of a peer that may wait, our reqq (BEP 10)
	maxRefused   = 500  // requests that a choked peer may send until it goes
	maxAllowed   = 100  // allowed-fast and suggested pieces that we remember
	extHandshake = 0    // the id of the extension handshake (BEP 10)
)

// batch is what one read of a connection brought.
type batch struct {
	conn     *conn
	peer     swarm.Peer
	messages []peerwire.Message
}

func (e *batch) apply(now time.Time, s *state) {
	p := s.peers[e.peer]
	if p == nil || p.closing {
		s.discardBlocks(e.messages)
		return
	}
	p.lastReceived = now
	for i, m := range e.messages {
		if err := s.receive(now, p, m); err != nil {
			s.discardBlocks(e.messages[i+1:])
			s.closePeer(now, p, err)
			return
		}
		if p.closing {
			s.discardBlocks(e.messages[i+1:])
			return
		}
	}
	s.trimCredits(p)
	s.requestBlocks(now, p)
}

// throwAway takes back the buffers of blocks that nobody wants any more.
func (s *state) discardBlocks(messages []peerwire.Message) {
	for _, m := range messages {
		if m.Kind == peerwire.Piece && m.Data != nil {
			s.wasted += int64(len(m.Data))
			s.memory.drop(m.Data)
		}
	}
}

// receive is the state's answer to one message. An error ends the connection.
func (s *state) receive(now time.Time, p *peerState, m peerwire.Message) error {
	first := !p.gotFirst
	if m.Kind != peerwire.KeepAlive && m.Kind != peerwire.Extended && m.Kind != peerwire.Port {
		p.gotFirst = true
	}
	switch m.Kind {
	case peerwire.Piece:
		s.receiveBlock(now, p, m)
	case peerwire.Request:
		return s.receiveRequest(now, p, m.Block)
	case peerwire.Have:
		s.receiveHave(now, p, m.Piece)
	case peerwire.Bitfield, peerwire.HaveAll, peerwire.HaveNone:
		if !first {
			return s.receiveMore(now, p, m)
		}
		s.receiveAll(now, p, m)
	case peerwire.Choke:
		s.receiveChoke(p)
	case peerwire.Unchoke:
		p.choking = false
		p.lastBlock = now
	case peerwire.Interested:
		s.receiveInterest(now, p, true)
	case peerwire.NotInterested:
		s.receiveInterest(now, p, false)
	case peerwire.Cancel:
		s.receiveCancel(now, p, m.Block)
	case peerwire.Reject:
		s.receiveReject(now, p, m.Block)
	case peerwire.AllowedFast:
		if len(p.allowed) < maxAllowed && !slices.Contains(p.allowed, m.Piece) {
			p.allowed = append(p.allowed, m.Piece)
		}
	case peerwire.Suggest:
		if len(p.suggest) < maxAllowed && !slices.Contains(p.suggest, m.Piece) {
			p.suggest = append(p.suggest, m.Piece)
		}
	case peerwire.Extended:
		return s.receiveExtended(p, m)
	}
	return nil
}

// receiveAll is what the peer has, as its first message.
func (s *state) receiveAll(now time.Time, p *peerState, m peerwire.Message) {
	switch m.Kind {
	case peerwire.HaveAll:
		p.have, p.haveN = nil, s.n
	case peerwire.HaveNone:
		p.have, p.haveN = nil, 0
	default:
		p.have = swarm.Bitfield(m.Data).Clone()
		p.haveN = p.have.Count()
		if p.haveN == 0 || p.haveN == s.n {
			p.have = nil
		}
	}
	s.addToPicker(now, p)
}

// receiveMore is what the peer has, behind other messages. BEP 3 knows none such,
// but aria2 sends them in place of many HAVEs: so they may add pieces, and take
// none back.
func (s *state) receiveMore(now time.Time, p *peerState, m peerwire.Message) error {
	had, has := p.bitfield(s.n).Clone(), swarm.Bitfield(m.Data)
	switch m.Kind {
	case peerwire.HaveAll:
		has = swarm.NewBitfield(s.n)
		has.SetAll(s.n)
	case peerwire.HaveNone:
		has = swarm.NewBitfield(s.n)
	}
	for k := range had {
		if had[k]&^has[k] != 0 {
			return protocolError(m.Kind, "takes pieces back")
		}
	}
	for k := range had {
		for i := 8 * k; had[k] != has[k] && i < min(8*k+8, s.n) && !p.closing; i++ {
			if has.Has(i) {
				s.receiveHave(now, p, i)
			}
		}
	}
	return nil
}

// meet tells the picker of a peer as soon as it has anything.
func (s *state) addToPicker(now time.Time, p *peerState) {
	s.picker.Join(p.id, p.bitfield(s.n))
	p.inPicker = true
	s.updateInterest(now, p)
	s.closeIfUseless(now, p)
}

func (s *state) receiveHave(now time.Time, p *peerState, piece int) {
	if !p.setHave(piece, s.n, true) {
		return
	}
	if !p.inPicker {
		s.addToPicker(now, p)
		return
	}
	s.picker.Have(p.id, piece, true)
	s.updateInterest(now, p)
	s.closeIfUseless(now, p)
}

// useful ends a connection between two that have everything.
func (s *state) closeIfUseless(now time.Time, p *peerState) {
	if s.complete() && p.isSeed(s.n) && !p.closing {
		s.closePeer(now, p, errUseless)
	}
}

// interest tells the peer whether we want its pieces, if that changed.
func (s *state) updateInterest(now time.Time, p *peerState) {
	want := p.inPicker && !p.closing && s.picker.Wants(p.id)
	if want == p.amInterested || p.closing {
		return
	}
	p.amInterested = want
	p.lastInterest = now
	kind := peerwire.NotInterested
	if want {
		kind = peerwire.Interested
		s.nothingWantedReported = false
	}
	s.send(now, p, peerwire.Message{Kind: kind})
}

func (s *state) receiveInterest(now time.Time, p *peerState, wants bool) {
	p.lastInterest = now
	if p.interested == wants {
		return
	}
	p.interested = wants
	if wants {
		s.scheduleChokeIfFree(now)
	} else if !p.amChoking {
		s.setChoke(now, p, true)
		s.scheduleChoke(now)
	}
}

// receiveChoke frees what we asked for: without BEP 6 the peer forgets it all.
func (s *state) receiveChoke(p *peerState) {
	p.choking = true
	if p.fast {
		return // each request is answered by a block or a reject
	}
	s.memory.release(p.tally.takeCredits(len(p.requests)))
	for _, r := range p.requests {
		if !r.late {
			s.picker.Drop(p.id, r.block)
		}
	}
	p.requests = p.requests[:0]
	s.repick = true
}

func (s *state) receiveReject(now time.Time, p *peerState, b swarm.Block) {
	i := p.findRequest(b)
	if i < 0 {
		return
	}
	r := p.removeRequest(i)
	s.memory.release(p.tally.takeCredits(1))
	if !r.late {
		s.picker.Drop(p.id, b)
		s.repick = true
	}
	// A peer that refuses a piece it may be asked for would be asked again
	// at once, for ever.
	p.allowed = slices.DeleteFunc(p.allowed, func(piece int) bool { return piece == b.Piece })
	if !p.choking {
		p.refusedByPeer++
		if p.refusedByPeer > maxRefused {
			s.closePeer(now, p, protocolError(peerwire.Reject, "refuses all that it is asked for"))
		}
	}
}

// receiveRequest puts a block on the list of those to send.
func (s *state) receiveRequest(now time.Time, p *peerState, b swarm.Block) error {
	switch {
	case p.amChoking:
		if p.refusedByUs++; p.refusedByUs > maxRefused {
			return protocolError(peerwire.Request, "request while choked")
		}
	case !s.have.Has(b.Piece):
		if p.refusedByUs++; p.refusedByUs > maxRefused {
			return protocolError(peerwire.Request, "request for pieces that we do not have")
		}
	case p.tally.queued.Load() >= maxServing:
		if !p.fast {
			return protocolError(peerwire.Request, "more than %d requests wait", maxServing)
		}
	default:
		p.tally.queued.Add(1)
		p.serve = append(p.serve, b)
		s.markDirty(p)
		return nil
	}
	if p.fast {
		s.send(now, p, peerwire.Message{Kind: peerwire.Reject, Block: b})
	}
	return nil
}

// receiveExtended reads the extension handshake (BEP 10); no other extension
// message was agreed on.
func (s *state) receiveExtended(p *peerState, m peerwire.Message) error {
	if m.ExtID != extHandshake {
		return nil
	}
	hello, err := peerwire.ParseExtendedHandshake(m.Data)
	if err != nil {
		return err
	}
	p.client = hello.V
	if hello.Reqq > 0 {
		p.pace.limit = min(max(hello.Reqq, 1), 1<<16)
	}
	if !p.outgoing && hello.P > 0 {
		p.dialAddr = addrPort(p.addr.Addr(), int(hello.P))
	}
	return nil
}

// readFailed says that a block we promised could not be read.
type readFailed struct {
	peer  swarm.Peer
	block swarm.Block
	err   error
}

func (e readFailed) apply(now time.Time, s *state) {
	if s.phase == PhaseClosed {
		return
	}
	if p := s.peers[e.peer]; p != nil && !p.closing && p.fast {
		s.send(now, p, peerwire.Message{Kind: peerwire.Reject, Block: e.block})
	}
	if s.have.Has(e.block.Piece) {
		s.markMissing(e.block.Piece, nil)
		for _, p := range s.order {
			s.updateInterest(now, p)
		}
		s.report(Warning{s.id(), e.err})
	}
}
