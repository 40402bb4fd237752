package engine

import (
	"time"

	"github.com/shoal-bt/shoal/swarm"
)

// Long pieces are checked part by part as they come: if as many of them as are
// hashed side by side were to be whole in memory first, there would be no room for
// anything else. A part is written as soon as it is hashed; the piece is held when
// its last part was found to be right and is written.
const (
	minSectionLen = 16                     // blocks of a part, at least; twice as many at most, so that lanes are about even
	spreadCover   = 250 * time.Millisecond // of receiving that may go into pieces begun together
)

// checksBySection reports whether a torrent's pieces are checked part by part.
func checksBySection(spec *Spec, b *budget) bool {
	return spec.Sections && spec.Lanes > 1 &&
		int64(spec.Lanes)*spec.Geometry.PieceLength > int64(b.units)*swarm.BlockLen/2
}

// spread returns over how many pieces requests are spread: over as many as are
// hashed side by side if they come so fast that none of them is whole much later
// for it.
func (s *state) spreadPieces() int {
	if !s.bySection {
		return 1
	}
	return max(1, min(s.lanes, int(s.totalRate()*spreadCover.Seconds()/float64(s.geo.PieceLength))))
}

// front returns the number of blocks, behind those that are hashed, that can be
// hashed now.
func (s *state) hashableFront(a *assembly) int {
	if a.checking || a.hashing > 0 {
		return 0
	}
	k := a.hashed
	for k < len(a.bufs) && k <= a.hashed+2*s.minSection && (a.bufs[k] != nil || !a.arrived[k] && s.geo.IsPad(s.geo.Block(a.piece, k))) {
		k++
	}
	return k - a.hashed
}

// hashFront hands the next part of a piece to the verifiers, if it has least blocks.
func (s *state) hashSection(a *assembly, least int) bool {
	if !s.bySection {
		return false
	}
	n := min(s.hashableFront(a), 2*s.minSection)
	if n < least || n == 0 || a.hashed+n == len(a.bufs) { // the last part is submitted with the piece
		return false
	}
	a.hashing = n
	s.do(check{verifyJob{
		asm: a, piece: a.piece, blocks: s.lendBuffers(a, n), from: a.hashed, state: a.hashState, section: true, soon: s.sectionSoon(),
	}})
	return true
}

// sectionSoon reports whether a part of another piece will be here within laneWait, by
// the order in which blocks were asked for.
func (s *state) sectionSoon() bool {
	if s.coming == nil {
		s.coming = make(map[int]int)
	}
	coming := s.coming
	clear(coming)
	for _, p := range s.order {
		n := int(p.pace.rate * laneWait.Seconds() / swarm.BlockLen)
		for _, r := range p.requests[:min(n, len(p.requests))] {
			a := s.assembly[r.block.Piece]
			if a == nil || a.checking || a.hashing > 0 {
				continue
			}
			if coming[a.piece]++; coming[a.piece] >= s.minSection {
				return true
			}
		}
	}
	return false
}

// A sectionDone is a part of a piece that was hashed and written.
type sectionDone struct {
	asm    *assembly
	from   int      // the number of the first of blocks
	blocks [][]byte // back, with their units
	state  any      // of the verifier
	err    error    // it could not be written
}

func (e sectionDone) apply(now time.Time, s *state) {
	for _, b := range e.blocks {
		if b != nil {
			s.buffersOut--
		}
	}
	s.memory.drop(e.blocks...)
	a := e.asm
	if s.assembly[a.piece] != a {
		return // it was forgotten meanwhile
	}
	a.hashing = 0
	if e.err != nil {
		delete(s.assembly, a.piece)
		s.memory.drop(a.bufs...)
		s.markMissing(a.piece, nil)
		s.fail(now, e.err)
		return
	}
	a.hashed, a.hashState = e.from+len(e.blocks), e.state
	if a.readyToCheck() {
		s.submit(a)
	} else if s.active() {
		s.hashSection(a, s.minSection)
	}
}

// relieve has parts hashed before they are of the usual length, because memory is
// short, and reports whether there were any.
func (s *state) hashEarly() (found bool) {
	for s.buffersOut < leastSpill {
		var best *assembly
		most := 0
		for _, a := range s.assembly {
			n := s.hashableFront(a)
			if a.hashed+n < len(a.bufs) && (n > most || n == most && n > 0 && a.piece < best.piece) {
				best, most = a, n
			}
		}
		if best == nil || !s.hashSection(best, 1) {
			return found
		}
		found = true
	}
	return found
}
