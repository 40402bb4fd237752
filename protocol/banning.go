package protocol

import (
	"errors"
	"net/netip"
	"slices"
	"time"
)

// Who sends wrong bytes is banned by address. Some formats tell which blocks of a piece
// are wrong: then their senders are banned. Otherwise a single sender is banned, and
// several go on parole: they may only send pieces that nobody else takes part in, until
// the right piece tells who lied.

// maxTries is the number of wrong versions of a piece that are remembered.
const maxTries = 8

var (
	errLied   = errors.New("sent wrong bytes")
	errBanned = errors.New("banned on request")
)

// evidence is who sent which blocks of wrong versions of a piece.
type evidence struct{ tries [][]sentBlock }

// A sentBlock is who sent a block of a wrong piece and what its bytes hashed to.
type sentBlock struct {
	sender *peer
	sum    uint64
}

func (e Ban) apply(now time.Time, s *State) { s.ban(now, e.Addr.Unmap(), errBanned) }

// ban refuses an address from now on; why ends its connections.
func (s *State) ban(now time.Time, addr netip.Addr, why error) {
	if s.book.Ban(addr) {
		s.report(PeerBanned{s.ID(), addr})
	}
	s.dropBlocksFrom(addr)
	for _, p := range slices.Clone(s.order) {
		if p.addr.Addr() == addr {
			s.closePeer(now, p, why)
		}
	}
}

// pieceFailed decides what follows from a piece that did not pass its check.
func (s *State) pieceFailed(now time.Time, a *assembly, e CheckResult) {
	s.figures.failedChecks++
	s.report(PieceFailed{s.ID(), a.piece, a.addressesOf(e.Bad)})
	for k, p := range a.sender {
		if p != nil && (len(e.Bad) == 0 || slices.Contains(e.Bad, k)) {
			s.figures.wasted += int64(s.geo.Block(a.piece, k).Length)
		}
	}
	s.picker.Lose(a.piece, e.Bad)
	s.repick = true
	if len(e.Bad) > 0 {
		for _, k := range e.Bad {
			if p := a.sender[k]; p != nil {
				s.ban(now, p.addr.Addr(), errLied)
			}
		}
		s.keepGoodBlocks(a, e)
		return
	}
	s.memory.Drop(e.Blocks)
	switch senders := a.senders(); {
	case len(senders) == 0: // all of it came from the Storage
	case len(senders) == 1 && !a.restored:
		s.ban(now, senders[0].addr.Addr(), errLied)
	default:
		for _, p := range senders {
			p.parole = true
		}
		s.recordSenders(a, e.Sums)
	}
}

// keepGoodBlocks begins the piece again with those of its blocks that are right.
func (s *State) keepGoodBlocks(a *assembly, e CheckResult) {
	again := s.assemblyOf(a.piece)
	for k, arrived := range a.arrived {
		isBad := slices.Contains(e.Bad, k)
		var buf []byte
		if k >= e.From {
			buf = e.Blocks[k-e.From]
		}
		switch {
		case isBad && buf != nil:
			s.drop(buf)
		case arrived && !isBad:
			again.bufs[k], again.sender[k] = buf, a.sender[k]
			again.addStored(k)
		}
	}
}

// recordSenders keeps who sent what of a wrong piece.
func (s *State) recordSenders(a *assembly, sums []uint64) {
	if len(sums) != len(a.sender) {
		return
	}
	try := make([]sentBlock, len(sums))
	for k, p := range a.sender {
		try[k] = sentBlock{p, sums[k]}
	}
	ev := s.evidence[a.piece]
	if ev == nil {
		ev = new(evidence)
		if s.evidence == nil {
			s.evidence = make(map[int]*evidence)
		}
		s.evidence[a.piece] = ev
	}
	if len(ev.tries) < maxTries {
		ev.tries = append(ev.tries, try)
	}
}

// banLiars bans those whose blocks of a wrong piece differ from the right ones. The
// others who took part in it are off parole.
func (s *State) banLiars(now time.Time, a *assembly, right []uint64) {
	ev := s.evidence[a.piece]
	if ev == nil {
		return
	}
	delete(s.evidence, a.piece)
	for _, try := range ev.tries {
		for k, b := range try {
			if b.sender != nil && k < len(right) && b.sum != right[k] {
				s.ban(now, b.sender.addr.Addr(), errLied)
			}
		}
	}
	for _, try := range ev.tries {
		for _, b := range try {
			if b.sender != nil && !b.sender.closing {
				b.sender.parole = false
			}
		}
	}
}

// dropBlocksFrom makes the blocks of partial pieces missing again that a banned address
// sent: they are probably wrong, and those who send the rest would be suspected.
func (s *State) dropBlocksFrom(addr netip.Addr) {
	for _, piece := range s.partialPieces() {
		a := s.assemblies[piece]
		s.dropBlocks(a, func(k int) bool { return a.sender[k] != nil && a.sender[k].addr.Addr() == addr })
	}
}

// restartForParole lets a peer on parole, which may send only pieces that nobody else
// takes part in, begin a piece again that others began and do not go on with: they left,
// or choke us. Otherwise nobody might ever complete it. It reports false if there is none.
func (s *State) restartForParole(p *peer) bool {
	for _, piece := range s.partialPieces() {
		a := s.assemblies[piece]
		if !p.has(piece, s.n) || s.othersSend(a, p) {
			continue
		}
		if s.dropBlocks(a, func(k int) bool { return a.sender[k] != p }) {
			return true
		}
	}
	return false
}

// othersSend reports whether anybody but p sends blocks of a partial piece, or may.
func (s *State) othersSend(a *assembly, p *peer) bool {
	return slices.ContainsFunc(s.order, func(o *peer) bool {
		canSend := !o.choking && slices.Contains(a.sender, o)
		return o != p && (canSend || o.hasOpenRequest(a.piece))
	})
}

// hasOpenRequest reports whether a block of a piece is requested and not late.
func (p *peerRequests) hasOpenRequest(piece int) bool {
	return slices.ContainsFunc(p.requests, func(r request) bool { return r.block.Piece == piece && !r.late })
}

// dropBlocks makes blocks of a partial piece missing again: those for which drop returns
// true. It reports whether there were any.
func (s *State) dropBlocks(a *assembly, drop func(k int) bool) bool {
	if a.checking || a.spilling > 0 || a.hashing > 0 {
		return false
	}
	var lost []int
	for k, arrived := range a.arrived {
		if !arrived || !drop(k) {
			continue
		}
		lost = append(lost, k)
		s.figures.wasted += int64(s.geo.Block(a.piece, k).Length)
		s.drop(a.bufs[k])
		a.bufs[k] = nil
	}
	if len(lost) == 0 {
		return false
	}
	a.removeBlocks(lost)
	s.picker.Lose(a.piece, lost)
	s.repick = true
	return true
}
