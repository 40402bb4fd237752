package protocol

import (
	"time"

	"github.com/shoal-bt/shoal/swarm"
)

// Long pieces are checked section by section as they arrive: if as many of them as are
// hashed side by side had to be complete in memory first, there would be no room for
// anything else. A section is written as soon as it is hashed. The piece is held when
// its last section has passed and is written.
const (
	minSection = 16 // blocks of a section at least; twice as many at most, so that lanes are about even

	// spreadTime is how much receiving may go into pieces that are begun together.
	spreadTime = 250 * time.Millisecond
)

// sections says how a torrent's pieces are checked.
type sections struct {
	on    bool // section by section
	min   int  // blocks of a section at least
	lanes int  // pieces that are hashed side by side
}

// newSections decides whether a torrent's pieces are checked section by section: if
// those of all lanes take more than half of the memory, which has so many units.
func newSections(setup *Setup, units int) sections {
	isLong := int64(setup.Lanes)*setup.Geometry.PieceLength > int64(units)*swarm.BlockLen/2
	return sections{
		on:    setup.Sections && setup.Lanes > 1 && isLong,
		min:   minSection,
		lanes: setup.Lanes,
	}
}

// spreadPieces returns over how many pieces requests are spread: over as many as are
// hashed side by side, if blocks come so fast that this delays none of them much.
func (s *State) spreadPieces() int {
	if !s.sections.on {
		return 1
	}
	inTime := int(s.totalRate() * spreadTime.Seconds() / float64(s.geo.PieceLength))
	return max(1, min(s.sections.lanes, inTime))
}

// hashableFront returns the number of blocks, behind those that are hashed, that can be
// hashed now.
func (s *State) hashableFront(a *assembly) int {
	if a.checking || a.hashing > 0 {
		return 0
	}
	k := a.hashed
	for k < len(a.bufs) && k <= a.hashed+2*s.sections.min {
		isPad := !a.arrived[k] && s.geo.IsPad(s.geo.Block(a.piece, k))
		if a.bufs[k] == nil && !isPad {
			break
		}
		k++
	}
	return k - a.hashed
}

// submitSection hands the next section of a piece to the verifiers, if it has at least
// so many blocks. The last section is submitted with the piece.
func (s *State) submitSection(a *assembly, least int) bool {
	if !s.sections.on {
		return false
	}
	n := min(s.hashableFront(a), 2*s.sections.min)
	if n < least || n == 0 || a.hashed+n == len(a.bufs) {
		return false
	}
	a.hashing = n
	s.do(Check{
		Piece:   a.piece,
		Serial:  a.serial,
		From:    a.hashed,
		Blocks:  s.lendBuffers(a, n),
		State:   a.hashState,
		Section: true,
		Soon:    s.sectionSoon(),
	})
	return true
}

// sectionSoon reports whether a section of another piece will be here within HashWait,
// by the order in which blocks were requested.
func (s *State) sectionSoon() bool {
	if s.coming == nil {
		s.coming = make(map[int]int)
	}
	coming := s.coming
	clear(coming)
	for _, p := range s.order {
		n := int(p.pace.Rate() * HashWait.Seconds() / swarm.BlockLen)
		for _, r := range p.requests[:min(n, len(p.requests))] {
			a := s.assemblies[r.block.Piece]
			if a == nil || a.checking || a.hashing > 0 {
				continue
			}
			coming[a.piece]++
			if coming[a.piece] >= s.sections.min {
				return true
			}
		}
	}
	return false
}

func (e SectionDone) apply(now time.Time, s *State) {
	s.buffersOut -= countBufs(e.Blocks)
	s.memory.Drop(e.Blocks)
	a := s.current(e.Piece, e.Serial)
	if a == nil {
		return
	}
	a.hashing = 0
	if e.Err != nil {
		delete(s.assemblies, a.piece)
		s.memory.Drop(a.bufs)
		s.markMissing(a.piece, nil)
		s.fail(now, e.Err)
		return
	}
	a.hashed, a.hashState = e.From+len(e.Blocks), e.State
	if a.readyToCheck() {
		s.submit(a)
	} else if s.Running() {
		s.submitSection(a, s.sections.min)
	}
}

// hashEarly has sections hashed before they are of the usual length, because memory is
// short, and reports whether there were any.
func (s *State) hashEarly() (found bool) {
	for s.buffersOut < minSpill {
		var best *assembly
		most := 0
		for _, a := range s.assemblies {
			n := s.hashableFront(a)
			isBetter := n > most || (n == most && n > 0 && a.piece < best.piece)
			if isBetter && a.hashed+n < len(a.bufs) {
				best, most = a, n
			}
		}
		if best == nil || !s.submitSection(best, 1) {
			return found
		}
		found = true
	}
	return found
}
