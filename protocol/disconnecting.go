package protocol

import (
	"errors"
	"slices"
	"time"

	"github.com/shoal-bt/shoal/protocol/addressbook"
)

var errRemoved = errors.New("removed on request")

// closePeer ends a connection. Gone follows when its reader and writer have ended.
func (s *State) closePeer(now time.Time, p *peer, why error) {
	if p.closing {
		return
	}
	p.closing, p.closeErr = true, why
	s.do(Hangup{p.id, why})
	s.removePeer(now, p)
}

// removePeer removes a peer from everything except the count of its units.
func (s *State) removePeer(now time.Time, p *peer) {
	s.order = slices.DeleteFunc(s.order, func(o *peer) bool { return o == p })
	if s.byID[p.peerID] == p {
		delete(s.byID, p.peerID)
	}
	s.picker.Leave(p.id)
	p.requests = nil
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
		p.closing, p.closeErr = true, e.Err
		s.removePeer(now, p)
	}
	delete(s.peers, p.id)
	s.do(Hangup{p.id, p.closeErr})
	s.memory.Release(p.tally.TakeCredits(1 << 30))
	s.figures.traffic.Ended.Add(p.tally)
	s.book.Ended(now, p.dialAddr, outcomeOf(p.closeErr))
	s.report(PeerLost{Torrent: s.ID(), Addr: p.addr, Err: p.closeErr})
	if len(s.peers) == 0 {
		s.timeouts.at = time.Time{}
		if s.Running() {
			s.do(Announce{Soon: true})
		}
	}
}

// outcomeOf returns what the end of a connection means for the peer's address.
func outcomeOf(why error) addressbook.Outcome {
	switch why {
	case errUseless:
		return addressbook.Useless
	case errFull, errPaused:
		return addressbook.NoRoom
	case errSelf:
		return addressbook.Self
	}
	return addressbook.Failed
}

func (e Disconnect) apply(now time.Time, s *State) {
	for _, p := range slices.Clone(s.order) {
		if p.addr == e.Addr {
			s.closePeer(now, p, errRemoved)
		}
	}
}
