package protocol

import (
	"bytes"
	"errors"
	"time"

	"github.com/shoal-bt/shoal/peerwire"
	"github.com/shoal-bt/shoal/protocol/pacing"
	"github.com/shoal-bt/shoal/protocol/pieces"
	"github.com/shoal-bt/shoal/protocol/traffic"
)

// The reasons for which a connection is refused.
var (
	errDuplicate = errors.New("second connection to the same peer")
	errSelf      = errors.New("connection to ourselves")
	errFull      = errors.New("too many connections")
)

func (e Joined) apply(now time.Time, s *State) {
	if e.Outgoing {
		s.book.Connected(e.Addr)
	}
	if err := s.refusal(now, e); err != nil {
		s.refuse(now, e, err)
		return
	}
	p := newPeer(now, e)
	if s.figures.traffic == nil {
		s.figures.traffic = traffic.New(now)
	}
	s.addPeer(p)
	s.reports.noPeers, s.reports.nothingWanted = false, false
	s.scheduleTimeouts(now)
	s.do(Accept{p.id})
	s.report(PeerConnected{Torrent: s.ID(), Addr: p.addr, ID: p.peerID, Outgoing: p.outgoing})
	s.sendFirst(now, p)
}

func newPeer(now time.Time, e Joined) *peer {
	p := &peer{
		id:           e.Peer,
		sender:       pieces.Sender{Peer: e.Peer, Addr: e.Addr},
		addr:         e.Addr,
		peerID:       e.ID,
		swarm:        e.Swarm,
		outgoing:     e.Outgoing,
		fast:         e.Fast,
		extended:     e.Extended,
		tally:        e.Tally,
		peerInterest: peerInterest{choking: true, amChoking: true},
		peerRequests: peerRequests{pace: pacing.New()},
		peerClock:    peerClock{joinedAt: now, lastReceived: now, lastSent: now, lastInterest: now},
		down:         traffic.NewMeter(now),
		up:           traffic.NewMeter(now),
	}
	p.out.Peer = p.id
	if p.outgoing {
		p.dialAddr = p.addr
	}
	return p
}

// refusal returns why a connection is not wanted; nil if it is. Of two connections to
// one peer it closes the older if the new one is to stay.
func (s *State) refusal(now time.Time, e Joined) error {
	switch {
	case !s.Running():
		return errPaused
	case e.ID == s.config.PeerID: // we dialed ourselves (BEP 3, "peer protocol": peer id)
		return errSelf
	case s.book.Banned(e.Addr.Addr()):
		return errBanned
	case s.config.MaxPeers > 0 && len(s.peers) >= s.config.MaxPeers:
		return errFull
	}
	old := s.byID[e.ID]
	if old == nil {
		return nil
	}
	// If both dialed, both must keep the same connection: the one that the greater
	// of the two peer ids made.
	weAreGreater := bytes.Compare(s.config.PeerID[:], e.ID[:]) > 0
	if old.outgoing == e.Outgoing || e.Outgoing != weAreGreater {
		return errDuplicate
	}
	s.closePeer(now, old, errDuplicate)
	return nil
}

// refuse closes a connection that is not wanted.
func (s *State) refuse(now time.Time, e Joined, why error) {
	old := s.byID[e.ID]
	switch {
	case !e.Outgoing:
	case why == errDuplicate && old != nil:
		old.dialAddr = e.Addr // to be dialed again when it is lost
	default:
		s.book.Ended(now, e.Addr, outcomeOf(why))
	}
	s.do(Hangup{e.Peer, why})
}

// sendFirst sends what comes right after the handshake: what we have
// (https://www.bittorrent.org/beps/bep_0003.html, "peer messages": bitfield; HAVE ALL
// and HAVE NONE in https://www.bittorrent.org/beps/bep_0006.html) and the extension
// handshake.
func (s *State) sendFirst(now time.Time, p *peer) {
	switch {
	case p.fast && s.complete() && s.unreadable.at.IsZero():
		s.send(now, p, peerwire.Message{Kind: peerwire.HaveAll})
	case p.fast && s.haveN == 0:
		s.send(now, p, peerwire.Message{Kind: peerwire.HaveNone})
	case s.haveN > 0:
		s.send(now, p, peerwire.Message{Kind: peerwire.Bitfield, Data: s.readable()})
	}
	if p.extended {
		s.sendHello(now, p)
	}
}

// send puts a message into the peer's outbox.
func (s *State) send(now time.Time, p *peer, m peerwire.Message) {
	p.out.Bytes = m.AppendTo(p.out.Bytes)
	p.lastSent = now
	s.markDirty(p)
}

// markDirty lists a peer among those whose outbox is handed out at the end of the turn.
func (s *State) markDirty(p *peer) {
	if !p.isDirty {
		p.isDirty = true
		s.dirty = append(s.dirty, p)
	}
}
