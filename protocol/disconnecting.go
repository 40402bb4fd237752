package protocol

import (
	"slices"
	"time"

	"github.com/shoal-bt/shoal/protocol/addressbook"
	"github.com/shoal-bt/shoal/protocol/duplicates"
	"github.com/shoal-bt/shoal/protocol/ending"
	"github.com/shoal-bt/shoal/protocol/report"
)

// crossTime is how long after we refused a second connection the other side may refuse
// the first for the same reason.
const crossTime = 10 * time.Second

// closePeer ends a connection. Gone follows when its reader and writer have ended. A peer
// that flooded us may not return at once.
func (s *State) closePeer(now time.Time, p *peer, why error) {
	if p.closing {
		return
	}
	s.noteEnd(p, why)
	if p.end == report.EndFlood {
		s.book.Refuse(now, p.addr.Addr())
	}
	s.do(Hangup{Peer: p.id, Why: why})
	s.removePeer(now, p)
}

// noteEnd notes that a connection ends, and why.
func (s *State) noteEnd(p *peer, why error) {
	p.closing, p.closeErr, p.end = true, why, ending.Of(why)
	switch {
	case !s.Running():
		p.end = report.EndStopped
	case p.end == report.EndLost && s.isUseless(p):
		p.end = report.EndUseless // it said so first
	}
}

// removePeer removes a peer from everything except the count of its units.
func (s *State) removePeer(now time.Time, p *peer) {
	s.order = slices.DeleteFunc(s.order, func(o *peer) bool { return o == p })
	s.places.Remove(p.addr.Addr(), p.outgoing)
	s.picker.Leave(p.id)
	p.extension.Close()
	s.viewers.Remove(p.id)
	p.requests.Clear()
	s.repick = true
	if !p.amChoking {
		s.scheduleChoke(now) // its slot is free
	}
}

func (e Gone) apply(now time.Time, s *State) {
	p := s.peers[e.Peer]
	if p == nil {
		return
	}
	if !p.closing {
		s.noteEnd(p, e.Err)
		s.removePeer(now, p)
	}
	delete(s.peers, p.id)
	s.do(Hangup{Peer: p.id, Why: p.closeErr})
	s.memory.Release(p.tally.TakeCredits(1 << 30))
	s.figures.traffic.Ended.Add(p.tally)
	if p.outgoing || !s.book.BeingDialed(p.dialAddr) { // otherwise it only says that it can be dialed there
		s.book.Ended(now, p.dialAddr, s.outcomeOfEnd(now, p))
	}
	s.report(report.PeerLost{Torrent: s.ID(), Addr: p.addr, Err: p.closeErr, End: p.end})
	if len(s.peers) == 0 {
		s.timeouts.at = time.Time{}
		if s.Running() {
			s.do(Announce{Soon: true})
		}
	}
}

// outcomeOfEnd returns what the end of a connection means for the peer's address. If we
// dialed each other at two addresses, each may have refused the second connection, which
// was the other's first. The greater of the two tries again first.
func (s *State) outcomeOfEnd(now time.Time, p *peer) addressbook.Outcome {
	hasMoved := p.tally.Down.Load()+p.tally.Up.Load() > 0
	crossed := now.Sub(p.duplicateAt) < crossTime && !duplicates.IsGreater(s.config.PeerID, p.peerID)
	return ending.Outcome(p.end, hasMoved, crossed)
}

func (e Disconnect) apply(now time.Time, s *State) {
	for _, p := range slices.Clone(s.order) {
		if p.addr == e.Addr {
			s.closePeer(now, p, ending.ErrRemoved)
		}
	}
}
