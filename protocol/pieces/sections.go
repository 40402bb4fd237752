package pieces

import (
	"time"

	"github.com/shoal-bt/shoal/protocol/requests"
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

// Sections says how a torrent's pieces are checked.
type Sections struct {
	Min   int // blocks of a section at least
	lanes int // pieces that are hashed side by side; 0 if they are not checked section by section
}

// NewSections decides whether a torrent's pieces are checked section by section: if the
// caller can, and if those of all lanes take more than half of the memory, which has the
// given units.
func NewSections(can bool, lanes int, pieceLength int64, units int) Sections {
	isLong := int64(lanes)*pieceLength > int64(units)*swarm.BlockLen/2
	s := Sections{Min: minSection}
	if can && lanes > 1 && isLong {
		s.lanes = lanes
	}
	return s
}

// On reports whether pieces are checked section by section.
func (s Sections) On() bool { return s.lanes > 0 }

// Spread returns over how many pieces requests are spread: over as many as are hashed side
// by side, if blocks come so fast that this delays none of them much. rate is in bytes per
// second.
func (s Sections) Spread(rate float64, pieceLength int64) int {
	if !s.On() {
		return 1
	}
	return max(1, min(s.lanes, int(rate*spreadTime.Seconds()/float64(pieceLength))))
}

// Next returns how many blocks of a piece can be checked now as a section, at least the
// given number; 0 if there are not as many. The last section is checked with the piece.
func (s Sections) Next(a *Assembly, least int) int {
	if !s.On() {
		return 0
	}
	n := min(a.Front(2*s.Min), 2*s.Min)
	if n < least || a.Hashed+n == a.Blocks() {
		return 0
	}
	return n
}

// A HashedSection says that the verifiers are done with a section.
type HashedSection struct {
	Piece  int
	Serial uint64
	To     int // the number of blocks before and in the section
	State  any // the verifier's, for these
}

// SectionsHashed notes what was hashed, and returns the pieces that still wait for it.
func (t *Table) SectionsHashed(hashed []HashedSection) (all []*Assembly) {
	for _, h := range hashed {
		a := t.Current(h.Piece, h.Serial)
		if a != nil {
			a.sectionHashed(h.To, h.State)
			all = append(all, a)
		}
	}
	return all
}

// IsHere reports whether a section of any piece can be handed on now.
func (s Sections) IsHere(t *Table) bool {
	a := t.LongestFront(s.Min)
	return a != nil && a.Front(s.Min) >= s.Min
}

// Coming counts blocks that will be here soon, by piece.
type Coming struct{ t *Table }

// CountComing begins a count. It ends the count before.
func (t *Table) CountComing() Coming {
	if t.coming == nil {
		t.coming = make(map[int]int)
	}
	clear(t.coming)
	return Coming{t}
}

// Add counts the first n requests of a list, and reports whether as many blocks of a piece
// were counted as a section has at least. Of a piece whose blocks are being hashed none
// counts, because they cannot begin a section.
func (c Coming) Add(open []requests.Request, n int, s Sections) bool {
	for _, r := range open[:min(n, len(open))] {
		piece := r.Block.Piece
		a := c.t.Get(piece)
		if a == nil || a.Checking || a.Hashing > 0 {
			continue
		}
		c.t.coming[piece]++
		if c.t.coming[piece] >= s.Min {
			return true
		}
	}
	return false
}
