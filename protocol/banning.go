package protocol

import (
	"net/netip"
	"slices"
	"time"

	"github.com/shoal-bt/shoal/protocol/ending"
	"github.com/shoal-bt/shoal/protocol/pieces"
	"github.com/shoal-bt/shoal/protocol/report"
)

// A peer that sends wrong bytes is banned by its address, or by its /64 (addressbook.Book.Ban). Some formats tell which blocks
// of a piece are wrong; then their senders are banned. Otherwise a single sender is
// banned, and several go on parole: each may only send pieces that nobody else sends,
// until the right piece shows who lied.

func (e Ban) apply(now time.Time, s *State) { s.ban(now, e.Addr.Unmap(), ending.ErrBanned) }

// ban refuses an address from now on; why ends its connections.
func (s *State) ban(now time.Time, addr netip.Addr, why error) {
	if s.book.Ban(addr, why == ending.ErrBanned) {
		s.report(report.PeerBanned{Torrent: s.ID(), Addr: addr})
	}
	s.dropBlocksOfBanned()
	for _, p := range slices.Clone(s.order) {
		if s.book.Banned(p.Addr.Addr()) {
			s.closePeer(now, p, why)
		}
	}
}

// pieceFailed decides what follows from a piece that did not pass its check.
func (s *State) pieceFailed(now time.Time, a *pieces.Assembly, e CheckResult) {
	s.figures.failedChecks++
	s.report(report.PieceFailed{Torrent: s.ID(), Piece: a.Piece, Senders: a.Addresses(e.Bad)})
	s.figures.wasted += a.SentBytes(e.Bad)
	s.picker.Lose(a.Piece, e.Bad)
	s.repick = true
	if len(e.Bad) > 0 {
		for _, k := range e.Bad {
			s.banSender(now, a.Sender(k))
		}
		s.memory.Drop(a.MoveGood(s.assemblyOf(a.Piece), e.Bad, e.From, e.Blocks)) // it begins again with these
		s.spillLater(a.Piece)
		return
	}
	s.memory.Drop(e.Blocks)
	s.blame.Unexplained = true
	switch senders := a.Senders(); {
	case len(senders) == 0: // all of it came from the Storage
	case !a.Restored && pieces.HaveOneAddress(senders):
		s.banSender(now, senders[0])
	case s.blame.Record(a, e.Sums):
		s.setParole(senders, true)
	}
}

// isOnParole reports whether a peer may only send pieces that nobody else sends: it sent
// blocks of a wrong piece, or somebody did and nothing is known of this peer. So a peer that
// lies from the start spoils a piece of its own, and is found out by that.
func (s *State) isOnParole(p *peer) bool {
	return p.Parole || (s.blame.Unexplained && !p.Proven)
}

// noteProven notes who sent blocks of a right piece.
func (s *State) noteProven(a *pieces.Assembly) {
	for k := range a.Blocks() {
		sender := a.Sender(k)
		if sender == nil {
			continue
		}
		if p := s.peers[sender.Peer]; p != nil {
			p.Proven = true
		}
	}
}

// banSender bans who sent a wrong block; nil is nobody.
func (s *State) banSender(now time.Time, p *pieces.Sender) {
	if p != nil {
		s.ban(now, p.Addr.Addr(), ending.ErrLied)
	}
}

// setParole puts those of the senders that are connected on parole, or takes them off.
func (s *State) setParole(senders []*pieces.Sender, parole bool) {
	for _, sender := range senders {
		if p := s.peers[sender.Peer]; p != nil {
			p.Parole = parole
		}
	}
}

// banLiars bans those whose blocks of a wrong piece differ from the right ones. The
// others who took part in it are off parole.
func (s *State) banLiars(now time.Time, piece int, right []uint64) {
	liars, senders := s.blame.Settle(piece, right)
	for _, p := range liars {
		s.banSender(now, p)
	}
	s.setParole(senders, false)
}

// dropBlocksOfBanned makes the blocks of partial pieces missing again that banned addresses
// sent: they are probably wrong, and those who send the rest would be suspected.
func (s *State) dropBlocksOfBanned() {
	for _, a := range s.pieces.InOrder() {
		s.dropBlocks(a, func(p *pieces.Sender) bool { return p != nil && s.book.Banned(p.Addr.Addr()) })
	}
}

// restartForParole lets a peer on parole, which may send only pieces that nobody else
// takes part in, begin a piece again that others began and do not go on with: they left,
// or choke us. Otherwise nobody might ever complete it. It reports false if there is none.
func (s *State) restartForParole(p *peer) bool {
	for _, a := range s.pieces.InOrder() {
		if !p.Has.Has(a.Piece, s.n) || s.othersSend(a, p) {
			continue
		}
		if s.dropBlocks(a, func(o *pieces.Sender) bool { return o != &p.Sender }) {
			return true
		}
	}
	return false
}

// othersSend reports whether anybody but p sends blocks of a partial piece, or may. A
// peer on parole goes on only if it is the only sender: two of them could otherwise wait
// for each other.
func (s *State) othersSend(a *pieces.Assembly, p *peer) bool {
	isShared := len(a.Senders()) > 1
	return slices.ContainsFunc(s.order, func(o *peer) bool {
		goesOn := !o.Choking && a.SentBy(&o.Sender) && !(s.isOnParole(o) && isShared)
		return o != p && (goesOn || o.Requests.HasOpen(a.Piece))
	})
}

// dropBlocks makes blocks of a partial piece missing again: those of which from approves
// the sender. It reports whether there were any.
func (s *State) dropBlocks(a *pieces.Assembly, from func(*pieces.Sender) bool) bool {
	if a.Checking || a.UnderWay() {
		return false
	}
	var lost []int
	for k := range a.Blocks() {
		if a.Arrived(k) && from(a.Sender(k)) {
			lost = append(lost, k)
			s.figures.wasted += int64(s.geo.Request(a.Piece, k).Length)
		}
	}
	if len(lost) == 0 {
		return false
	}
	s.memory.Drop(a.Remove(lost))
	s.picker.Lose(a.Piece, lost)
	s.repick = true
	return true
}
