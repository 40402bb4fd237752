package protocol

import (
	"slices"
	"time"

	"github.com/shoal-bt/shoal/peerwire"
	"github.com/shoal-bt/shoal/swarm"
)

// HashWait is how long a verifier may wait for another piece, so that both are hashed
// side by side; see Check.Soon.
const HashWait = 15 * time.Millisecond

// submitPads has the pieces checked that are all pad, because nobody is asked for them
// (https://www.bittorrent.org/beps/bep_0047.html, "padding files").
func (s *State) submitPads() {
	if len(s.geo.Pads) == 0 {
		return
	}
	for i := range s.n {
		isPad := s.geo.IsPad(swarm.Block{Piece: i, Length: s.geo.PieceLen(i)})
		if isPad && !s.have.Has(i) && s.assemblies[i] == nil {
			s.submit(s.assemblyOf(i))
		}
	}
}

// submit hands a complete piece, or the next section of it, to the verifiers. Its
// buffers are theirs from then on.
func (s *State) submit(a *assembly) {
	if s.submitSection(a, 2*s.sections.min) {
		return
	}
	a.checking = true
	bufs := s.lendBuffers(a, len(a.bufs)-a.hashed)
	stored := false
	for n, b := range bufs {
		stored = stored || (b == nil && a.arrived[a.hashed+n])
	}
	s.do(Check{
		Piece:  a.piece,
		Serial: a.serial,
		From:   a.hashed,
		Blocks: bufs,
		State:  a.hashState,
		Stored: stored,
		Sums:   s.evidence[a.piece] != nil,
		Soon:   (s.sections.on && s.sectionSoon()) || s.pieceSoon(),
	})
}

// lendBuffers takes the buffers of n blocks, behind those that are hashed, out of a
// piece.
func (s *State) lendBuffers(a *assembly, n int) [][]byte {
	front := a.bufs[a.hashed : a.hashed+n]
	bufs := slices.Clone(front)
	clear(front)
	s.buffersOut += countBufs(bufs)
	return bufs
}

// totalRate returns the rate at which blocks come in from all peers, in bytes per second.
func (s *State) totalRate() (sum float64) {
	for _, p := range s.order {
		sum += p.pace.Rate()
	}
	return sum
}

// pieceSoon reports whether another piece can be complete within HashWait at the present
// rate.
func (s *State) pieceSoon() bool {
	blocks := int(s.totalRate() * HashWait.Seconds() / swarm.BlockLen)
	for _, a := range s.assemblies {
		if !a.checking && a.missing() <= blocks {
			return true
		}
	}
	return false
}

func (e CheckResult) apply(now time.Time, s *State) {
	s.buffersOut -= countBufs(e.Blocks)
	a := s.current(e.Piece, e.Serial)
	if a != nil {
		delete(s.assemblies, e.Piece)
	}
	hasFailed := s.phase == PhaseFailed && e.Err != nil
	switch {
	case a == nil || hasFailed:
		s.memory.Drop(e.Blocks)
	case e.Err != nil:
		s.memory.Drop(e.Blocks)
		s.markMissing(e.Piece, nil)
		s.fail(now, e.Err)
	case e.OK:
		s.memory.Drop(e.Blocks)
		s.banLiars(now, a, e.Sums)
		s.pieceHeld(now, e.Piece)
	default:
		s.pieceFailed(now, a, e)
	}
}

// pieceHeld notes a new piece and announces it to everybody, also to those who have it:
// clients judge by HAVEs whether we get on
// (https://www.bittorrent.org/beps/bep_0003.html, "peer messages": have).
func (s *State) pieceHeld(now time.Time, piece int) {
	s.markHeld(piece)
	s.report(Piece{s.ID(), piece})
	for _, p := range s.order {
		if p.closing {
			continue
		}
		s.send(now, p, peerwire.Message{Kind: peerwire.Have, Piece: piece})
		if p.amInterested && p.has(piece, s.n) {
			s.updateInterest(now, p)
		}
	}
	s.answerWaiters()
	if s.complete() {
		s.downloadDone(now)
	}
	s.reportNothingWanted()
}

// downloadDone turns a leecher into a seed.
func (s *State) downloadDone(now time.Time) {
	s.reportCompleted()
	s.stopPicker()
	for _, p := range slices.Clone(s.order) {
		s.updateInterest(now, p)
		s.closeIfUseless(now, p)
	}
	s.scheduleChoke(now)
}

// inEndGame reports whether blocks are requested of several peers at a time. When that
// begins is the picker's decision.
func (s *State) inEndGame() bool {
	return !s.complete() && len(s.assemblies) > 0 && s.haveN+len(s.assemblies) == s.n
}
