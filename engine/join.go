package engine

import (
	"bytes"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"time"

	"github.com/shoal-bt/shoal/handshake"
	"github.com/shoal-bt/shoal/peerwire"
	"github.com/shoal-bt/shoal/swarm"
)

// joined is a connection whose handshake is done.
type joined struct {
	conn   *conn
	theirs handshake.Handshake
}

func (e joined) apply(now time.Time, s *state) {
	c := e.conn
	if c.outgoing {
		s.book.answered(c.addr)
	}
	if err := s.refusal(now, e); err != nil {
		if old := s.byID[e.theirs.PeerID]; err == errDuplicate && c.outgoing && old != nil {
			old.dialAddr = c.addr // to be dialed again when it is lost
		} else if c.outgoing {
			s.book.ended(now, c.addr, err)
		}
		s.do(refuseConn{c})
		return
	}
	p := &peerState{
		id: c.id, addr: c.addr, peerID: e.theirs.PeerID, swarm: c.swarm, outgoing: c.outgoing,
		fast: e.theirs.Reserved.Has(handshake.Fast), extended: e.theirs.Reserved.Has(handshake.Extended),
		tally: &c.tally, choking: true, amChoking: true, pace: newPace(),
		down: meter{at: now}, up: meter{at: now}, joinedAt: now, lastReceived: now, lastSent: now, lastInterest: now,
	}
	if p.outgoing {
		p.dialAddr = p.addr
	}
	if s.traffic == nil {
		at := meter{at: now}
		s.traffic = &traffic{down: at, up: at, protoDown: at, protoUp: at}
	}
	s.peers[p.id] = p
	s.order = append(s.order, p)
	s.byID[p.peerID] = p
	s.noPeersReported, s.nothingWantedReported = false, false
	s.scheduleTimeouts(now)
	s.do(startConn{c})
	s.report(PeerConnected{s.id(), p.addr, p.peerID, p.outgoing})
	s.sendFirst(now, p)
}

// mayJoin reports why a connection is not wanted; nil if it is.
func (s *state) refusal(now time.Time, e joined) error {
	c := e.conn
	switch {
	case !s.active():
		return errNotNow
	case e.theirs.PeerID == s.cfg.PeerID:
		return errSelf
	case s.book.banned(c.addr.Addr()):
		return errBanned
	case s.cfg.MaxPeers > 0 && len(s.peers) >= s.cfg.MaxPeers:
		return errFull
	}
	old := s.byID[e.theirs.PeerID]
	if old == nil {
		return nil
	}
	// When both dialed, both must keep the same one: the connection that the
	// greater of the two names made.
	weAreGreater := bytes.Compare(s.cfg.PeerID[:], e.theirs.PeerID[:]) > 0
	if old.outgoing == c.outgoing || c.outgoing != weAreGreater {
		return errDuplicate
	}
	s.closePeer(now, old, errDuplicate)
	return nil
}

// greet sends what comes right after the handshake.
func (s *state) sendFirst(now time.Time, p *peerState) {
	switch {
	case p.fast && s.complete():
		s.send(now, p, peerwire.Message{Kind: peerwire.HaveAll})
	case p.fast && s.haveN == 0:
		s.send(now, p, peerwire.Message{Kind: peerwire.HaveNone})
	case s.haveN > 0:
		s.send(now, p, peerwire.Message{Kind: peerwire.Bitfield, Data: s.have})
	}
	if p.extended {
		hello := peerwire.ExtendedHandshake{V: s.cfg.UserAgent, P: s.port, Reqq: maxServing, YourIP: p.addr.Addr().Unmap()}
		s.send(now, p, peerwire.Message{Kind: peerwire.Extended, Data: hello.AppendTo(nil)})
	}
}

// end closes a connection; gone follows when its reader and writer are through.
func (s *state) closePeer(now time.Time, p *peerState, why error) {
	if p.closing {
		return
	}
	p.closing, p.closeErr = true, why
	s.do(closeConn{p.id})
	s.removePeer(now, p)
}

// leave takes a peer out of all that goes on but the count of its units.
func (s *state) removePeer(now time.Time, p *peerState) {
	s.order = slices.DeleteFunc(s.order, func(o *peerState) bool { return o == p })
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

// gone says that a connection's reader and writer have ended: no event of theirs follows.
type gone struct {
	peer swarm.Peer
	err  error
}

func (e gone) apply(now time.Time, s *state) {
	p := s.peers[e.peer]
	if p == nil {
		return
	}
	if !p.closing {
		p.closing, p.closeErr = true, e.err
		s.removePeer(now, p)
	}
	delete(s.peers, p.id)
	s.do(closeConn{p.id})
	s.memory.release(p.tally.takeCredits(1 << 30))
	s.traffic.gone.add(p.tally)
	s.book.ended(now, p.dialAddr, p.closeErr)
	s.report(PeerLost{s.id(), p.addr, p.closeErr})
	if len(s.peers) == 0 {
		s.scanAt = time.Time{}
		if s.active() {
			s.do(announce{soon: true})
		}
	}
}

// found brings addresses from a source or a user.
type found struct {
	addrs []swarm.Address
	in    swarms // where they were found; 0 for all
	asked bool   // from a source
}

func (e found) apply(now time.Time, s *state) {
	in := or(e.in, 1<<len(s.swarms)-1)
	for _, a := range e.addrs {
		s.book.add(now, a, in)
	}
	if e.asked && s.active() && len(s.peers) == 0 && s.book.dialing == 0 && !s.book.hasCandidate() && !s.noPeersReported {
		s.noPeersReported = true
		s.report(NoPeers{s.id()})
	}
}

// dialFailed says that no peer came of an address.
type unreached struct {
	addr netip.AddrPort
	err  error
}

func (e unreached) apply(now time.Time, s *state) {
	s.book.ended(now, e.addr, e.err)
	if errors.Is(e.err, ErrConnect) || errors.Is(e.err, ErrHandshake) {
		s.report(PeerFailed{s.id(), e.addr, e.err})
	}
	if s.active() && len(s.peers) == 0 && s.book.dialing == 0 && !s.book.ready(now) && !s.noPeersReported {
		s.noPeersReported = true
		s.report(NoPeers{s.id()})
		s.do(announce{soon: true})
	}
}

// dialMore dials while there is room for peers and anyone to try.
func (s *state) dialPeers(now time.Time) {
	for s.mayDial() {
		c, ok := s.book.next(now, s.complete())
		if !ok {
			return
		}
		s.do(dial{c.addr, c.swarm})
	}
}

// dials reports whether peers are of use that we would have to dial.
func (s *state) wantsToDial() bool { return s.active() && (!s.complete() || s.cfg.SeedOutgoing != Off) }

// wantsPeers reports whether to dial, if there is anyone.
func (s *state) mayDial() bool {
	return s.wantsToDial() &&
		(s.cfg.MaxPeers < 0 || len(s.peers)+s.book.dialing < s.cfg.MaxPeers)
}

// protocolError is a rule of the protocol that a peer broke, by message.
func protocolError(k peerwire.Kind, format string, args ...any) error {
	return &peerwire.ProtocolError{Message: k, Reason: fmt.Sprintf(format, args...)}
}
