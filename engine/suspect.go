package engine

import (
	"maps"
	"net/netip"
	"slices"
)

// disown makes the blocks of partial pieces missing again that a banned address
// sent: they are likely wrong, and would cast suspicion on those who send the rest.
func (s *state) dropBlocksFrom(addr netip.Addr) {
	for _, piece := range slices.Sorted(maps.Keys(s.assembly)) {
		a := s.assembly[piece]
		s.dropBlocks(a, func(k int) bool { return a.sender[k] != nil && a.sender[k].addr.Addr() == addr })
	}
}

// takeOver lets a peer on parole, which may send whole pieces only, begin a piece
// anew that others began and do not go on with: they left, or choke us. Otherwise
// nobody might ever complete it. It reports false if there is none.
func (s *state) restartForParole(p *peerState) bool {
	for _, piece := range slices.Sorted(maps.Keys(s.assembly)) {
		a := s.assembly[piece]
		if p.has(piece, s.n) && !s.othersSend(a, p) && s.dropBlocks(a, func(k int) bool { return a.sender[k] != p }) {
			return true
		}
	}
	return false
}

// goesOn reports whether anybody but p sends blocks of a partial piece, or may.
func (s *state) othersSend(a *assembly, p *peerState) bool {
	for _, o := range s.order {
		if o == p {
			continue
		}
		if slices.Contains(a.sender, o) && !o.choking ||
			slices.ContainsFunc(o.requests, func(r request) bool { return r.block.Piece == a.piece && !r.late }) {
			return true
		}
	}
	return false
}

// undo makes blocks of a partial piece missing again, those for which which
// returns true. It reports whether there were any.
func (s *state) dropBlocks(a *assembly, which func(k int) bool) bool {
	if a.checking || a.spilling > 0 || a.hashing > 0 {
		return false
	}
	var lost []int
	for k, here := range a.arrived {
		if !here || !which(k) {
			continue
		}
		lost = append(lost, k)
		s.wasted += int64(s.geo.Block(a.piece, k).Length)
		s.memory.drop(a.bufs[k])
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
