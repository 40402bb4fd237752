package protocol

import (
	"time"

	"github.com/shoal-bt/shoal/peerwire"
	"github.com/shoal-bt/shoal/protocol/duplicates"
	"github.com/shoal-bt/shoal/protocol/ending"
	"github.com/shoal-bt/shoal/protocol/input"
	"github.com/shoal-bt/shoal/protocol/peers"
	"github.com/shoal-bt/shoal/protocol/report"
	"github.com/shoal-bt/shoal/protocol/traffic"
)

// maxGreetedHaves is the number of pieces up to which a connection is kept whose peer was
// said that we have none. With more, a new connection and a bitfield are shorter.
const maxGreetedHaves = 4096

func (e Joined) apply(now time.Time, s *State) {
	if e.Outgoing && !s.book.Connected(e.Addr) {
		s.do(Hangup{Peer: e.Peer, Why: ending.ErrSwitched})
		return
	}
	if err := s.refusal(now, e); err != nil {
		s.refuse(now, e, err)
		return
	}
	p := peers.New(now, input.Joined(e))
	p.Parole = s.blame.Suspects(p.Addr.Addr())
	if s.figures.traffic == nil {
		s.figures.traffic = traffic.New(now)
	}
	s.addPeer(p)
	s.reports.noPeers, s.reports.nothingWanted = false, false
	s.scheduleTimeouts(now)
	s.do(Accept{Peer: p.ID})
	s.report(report.PeerConnected{Torrent: s.ID(), Addr: p.Addr, ID: p.PeerID, Outgoing: p.Outgoing})
	s.sendFirst(now, p)
	if s.wantsNothing() {
		s.updateInterest(now, p) // an earlier owner may have said that we are interested
	}
}

// refusal returns why a connection is not wanted; nil if it is. Of two connections to
// one peer it closes the older if the new one is to stay.
func (s *State) refusal(now time.Time, e Joined) error {
	switch {
	case !s.Running():
		return ending.ErrPaused
	case e.ID == s.config.PeerID: // we dialed ourselves (BEP 3, "peer protocol": peer id)
		return ending.ErrSelf
	case s.book.Banned(e.Addr.Addr()):
		return ending.ErrBanned
	case s.book.Refused(now, e.Addr.Addr()):
		return ending.ErrRefused
	case e.Greeted && s.haveN > maxGreetedHaves:
		return ending.ErrGreeted
	}
	old, match := s.duplicateOf(e)
	switch {
	case old == nil:
		return s.makeRoom(now, e.Addr, e.Outgoing)
	case match == duplicates.Pretends:
		old.DuplicateAt = now
		return ending.ErrDuplicate
	case !e.conn().Replaces(old.Conn(), s.config.PeerID):
		return ending.ErrDuplicate
	}
	s.closePeer(now, old, ending.ErrDuplicate)
	return nil
}

// duplicateOf returns the connection that may have the same peer as a new one; nil if
// there is none.
func (s *State) duplicateOf(e Joined) (other *peer, match duplicates.Match) {
	for _, p := range s.order {
		m := p.Conn().MayBe(e.conn())
		if m != duplicates.None && match != duplicates.Same {
			other, match = p, m
		}
	}
	return other, match
}

func (e Joined) conn() duplicates.Conn {
	return duplicates.Conn{Addr: e.Addr, ID: e.ID, Outgoing: e.Outgoing}
}

// refuse closes a connection that is not wanted.
func (s *State) refuse(now time.Time, e Joined, why error) {
	if e.Outgoing {
		old, _ := s.duplicateOf(e)
		if why == ending.ErrDuplicate && (!old.DialAddr.IsValid() || old.DialAddr == e.Addr) {
			old.DialAddr = e.Addr // to be dialed again when it is lost
		} else {
			s.book.Ended(now, e.Addr, ending.Refused(why))
		}
	}
	s.do(Hangup{Peer: e.Peer, Why: why})
}

// sendFirst sends what comes right after the handshake: what we have
// (https://www.bittorrent.org/beps/bep_0003.html, "peer messages": bitfield; HAVE ALL
// and HAVE NONE in https://www.bittorrent.org/beps/bep_0006.html), the extension
// handshake, and the port of our node of the DHT.
//
// A peer that was greeted believes that we have nothing, so it gets a HAVE for each piece.
// The extension handshake is sent again, because its numbers of messages may be others than
// those of the earlier owner (https://www.bittorrent.org/beps/bep_0010.html: a handshake
// may come again and adds to the one before).
func (s *State) sendFirst(now time.Time, p *peer) {
	s.hidePieces(now, p)
	isHidden := s.viewers.Has(p.ID)
	switch {
	case isHidden && p.Fast && !p.Greeted:
		s.send(now, p, peerwire.Message{Kind: peerwire.HaveNone})
	case isHidden: // no bitfield means the same
	case p.Greeted:
		s.sendHaves(now, p)
	case p.Fast && s.complete() && s.unreadable.Pieces.Due().IsZero():
		s.send(now, p, peerwire.Message{Kind: peerwire.HaveAll})
	case p.Fast && s.haveN == 0:
		s.send(now, p, peerwire.Message{Kind: peerwire.HaveNone})
	case s.haveN > 0:
		s.send(now, p, peerwire.Message{Kind: peerwire.Bitfield, Data: s.readable()})
	}
	if p.Extended {
		s.sendHello(now, p)
	}
	s.sendPort(now, p)
}

// sendHaves sends a HAVE for each piece that we can serve.
func (s *State) sendHaves(now time.Time, p *peer) {
	readable := s.readable()
	left := readable.Count()
	for piece := 0; left > 0; piece++ {
		if readable.Has(piece) {
			left--
			s.send(now, p, peerwire.Message{Kind: peerwire.Have, Piece: piece})
		}
	}
}

// send puts a message into the peer's outbox.
func (s *State) send(now time.Time, p *peer, m peerwire.Message) {
	p.Out.Bytes = m.AppendTo(p.Out.Bytes)
	p.LastSent = now
	s.markDirty(p)
}

// markDirty lists a peer among those whose outbox is handed out at the end of the turn.
func (s *State) markDirty(p *peer) {
	if !p.IsDirty {
		p.IsDirty = true
		s.dirty = append(s.dirty, p)
	}
}
