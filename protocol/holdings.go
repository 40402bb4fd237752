package protocol

import (
	"github.com/shoal-bt/shoal/protocol/wanted"
	"github.com/shoal-bt/shoal/swarm"
)

// holdings are the pieces that the torrent has.
type holdings struct {
	have  swarm.Bitfield // checked and written
	haveN int            // pieces in have
	left  int64          // bytes of the others
}

// complete reports whether every piece is held.
func (s *State) complete() bool { return s.haveN == s.n }

// finished reports whether every piece that is wanted is held.
func (s *State) finished() bool {
	return s.wanted.Figures(wanted.Figures{Missing: s.n - s.haveN}).Missing == 0
}

// wantedFigures returns how much is wanted, and how much of that is missing.
func (s *State) wantedFigures() wanted.Figures {
	all := wanted.Figures{Count: s.n, Missing: s.n - s.haveN, Left: s.left}
	if s.wanted == nil {
		all.Length = wanted.Length(s.geo)
	}
	return s.wanted.Figures(all)
}

// markHeld notes that a piece is checked and written.
func (s *State) markHeld(piece int) {
	if s.have.Has(piece) {
		return
	}
	s.have.Set(piece)
	s.haveN++
	s.left -= int64(s.geo.PieceLen(piece))
	s.wanted.Hold(piece)
	s.picker.Held(piece)
}

// markMissing notes that blocks of a piece are missing; nil for all.
func (s *State) markMissing(piece int, blocks []int) {
	if s.have.Has(piece) {
		if s.complete() {
			s.book.RetrySeeds(s.start)
		}
		s.have.Clear(piece)
		s.haveN--
		s.left += int64(s.geo.PieceLen(piece))
		s.wanted.Lose(piece)
	}
	if s.hasPicker() {
		s.picker.Lose(piece, blocks)
	} else {
		s.startPicker()
	}
	s.repick = true
}

// Pieces returns the pieces that are held: checked and written, though not necessarily
// synced. The caller owns it.
func (s *State) Pieces() swarm.Bitfield { return s.have.Clone() }

// Holds reports whether a piece is held.
func (s *State) Holds(piece int) bool { return s.have.Has(piece) }
