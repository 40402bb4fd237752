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
	if p.Closing {
		return
	}
	s.noteEnd(p, why)
	if p.End == report.EndFlood {
		s.book.Refuse(now, p.Addr.Addr())
	}
	s.do(Hangup{Peer: p.ID, Why: why})
	s.removePeer(now, p)
}

// noteEnd notes that a connection ends, and why.
func (s *State) noteEnd(p *peer, why error) {
	p.Closing, p.CloseErr, p.End = true, why, ending.Of(why)
	switch {
	case !s.Running():
		p.End = report.EndStopped
	case p.End == report.EndLost && s.isUseless(p):
		p.End = report.EndUseless // it said so first
	}
}

// removePeer removes a peer from everything except the count of its units.
func (s *State) removePeer(now time.Time, p *peer) {
	s.order = slices.DeleteFunc(s.order, func(o *peer) bool { return o == p })
	s.places.Remove(p.Addr.Addr(), p.Outgoing)
	s.picker.Leave(p.ID)
	p.Extension.Close()
	s.viewers.Remove(p.ID)
	p.Requests.Clear()
	s.repick = true
	if !p.AmChoking {
		s.scheduleChoke(now) // its slot is free
	}
}

func (e Gone) apply(now time.Time, s *State) {
	p := s.peers[e.Peer]
	if p == nil {
		return
	}
	if !p.Closing {
		s.noteEnd(p, e.Err)
		s.removePeer(now, p)
	}
	delete(s.peers, p.ID)
	s.do(Hangup{Peer: p.ID, Why: p.CloseErr})
	s.memory.Release(p.Tally.TakeCredits(1 << 30))
	s.figures.traffic.Ended.Add(p.Tally)
	if p.Outgoing || !s.book.BeingDialed(p.DialAddr) { // otherwise it only says that it can be dialed there
		s.book.Ended(now, p.DialAddr, s.outcomeOfEnd(now, p))
	}
	s.report(report.PeerLost{Torrent: s.ID(), Addr: p.Addr, Err: p.CloseErr, End: p.End})
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
	hasMoved := p.Tally.Down.Load()+p.Tally.Up.Load() > 0
	crossed := now.Sub(p.DuplicateAt) < crossTime && !duplicates.IsGreater(s.config.PeerID, p.PeerID)
	return ending.Outcome(p.End, hasMoved, crossed)
}

func (e Disconnect) apply(now time.Time, s *State) {
	for _, p := range slices.Clone(s.order) {
		if p.Addr == e.Addr {
			s.closePeer(now, p, ending.ErrRemoved)
		}
	}
}
