package protocol

import (
	"time"

	"github.com/shoal-bt/shoal/protocol/pieces"
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
// those of all lanes take more than half of the memory, which has the given units.
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

// submitSection hands the next section of a piece to the verifiers, if it has at
// least the given number of blocks. The last section is submitted with the piece.
func (s *State) submitSection(a *pieces.Assembly, least int) bool {
	if !s.sections.on {
		return false
	}
	n := min(a.Front(2*s.sections.min), 2*s.sections.min)
	if n < least || n == 0 || a.Hashed+n == a.Blocks() {
		return false
	}
	a.Hashing = n
	bufs, _ := a.Lend(n)
	s.buffers.out += pieces.CountBuffers(bufs)
	s.do(Check{
		Piece:   a.Piece,
		Serial:  a.Serial,
		From:    a.Hashed,
		Blocks:  bufs,
		State:   a.HashState,
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
			a := s.pieces.Get(r.Block.Piece)
			if a == nil || a.Checking || a.Hashing > 0 {
				continue
			}
			coming[a.Piece]++
			if coming[a.Piece] >= s.sections.min {
				return true
			}
		}
	}
	return false
}

func (e SectionDone) apply(now time.Time, s *State) {
	s.buffers.out -= pieces.CountBuffers(e.Blocks)
	s.memory.Drop(e.Blocks)
	a := s.pieces.Current(e.Piece, e.Serial)
	if a == nil {
		return
	}
	a.Hashing = 0
	if e.Err != nil {
		s.pieces.Forget(a.Piece)
		s.memory.Drop(a.Remove(a.InMemory()))
		s.markMissing(a.Piece, nil)
		s.fail(now, e.Err)
		return
	}
	a.Hashed, a.HashState = e.From+len(e.Blocks), e.State
	if a.Ready() {
		s.submit(a)
	} else if s.Running() {
		s.submitSection(a, s.sections.min)
	}
}

// hashEarly has sections hashed before they are of the usual length, because memory is
// short, and reports whether there were any.
func (s *State) hashEarly() (found bool) {
	for s.buffers.out < minSpill {
		a := s.pieces.LongestFront(2 * s.sections.min)
		if a == nil || !s.submitSection(a, 1) {
			return found
		}
		found = true
	}
	return found
}
