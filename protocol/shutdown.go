package protocol

import (
	"maps"
	"slices"
	"time"
)

// At shutdown the blocks of partial pieces that are in memory are written, unchecked. The
// caller saves which they are (Spilled), and a later run begins with them (Setup.Spilled).

// apply ends the torrent. Finish follows when these writes have ended.
func (Close) apply(now time.Time, s *State) {
	s.stop(now, PhaseClosed, ErrClosed)
	if s.stored.pending || s.stored.syncing { // no StoredDone follows
		s.stored.pending, s.stored.syncing = false, false
		s.endCheck(ErrClosed)
	}
	s.spillAll()
}

// apply drops the blocks that arrived too late to be written.
func (Finish) apply(_ time.Time, s *State) { s.dropMemory() }

// spillAll writes what is in memory of all partial pieces, so that none is held.
func (s *State) spillAll() {
	s.spillPieces(func(int) bool { return true })
}

// Spilled returns the blocks of incomplete pieces that are in the Storage, unchecked:
// block numbers by piece. The caller owns it.
func (s *State) Spilled() map[int][]int { return s.pieces.Spilled() }

// restoreSpilled takes in the blocks that a former run spilled, unless the torrent only
// uploads: then their pieces never become complete.
func (s *State) restoreSpilled(spilled map[int][]int) {
	if s.uploadOnly {
		return
	}
	for _, piece := range slices.Sorted(maps.Keys(spilled)) {
		if piece < 0 || piece >= s.n || s.have.Has(piece) {
			continue
		}
		a := s.assemblyOf(piece)
		for _, k := range spilled[piece] {
			isNew := k >= 0 && k < a.Blocks() && !a.Arrived(k)
			if isNew && s.geo.Contains(s.geo.Request(piece, k)) {
				a.AddStored(k)
				a.Restored = true
			}
		}
		if a.Ready() {
			s.submit(a)
		}
	}
}
