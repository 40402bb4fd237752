package protocol

import (
	"maps"
	"slices"
	"time"
)

// minSpill is the number of blocks that are on their way out of memory when memory is
// short: hashed early, or written before their piece is complete.
const minSpill = 64

// reserve sets up to n units aside for blocks of this torrent. If there are none, the
// torrent waits for Refilled.
func (s *State) reserve(n int) int {
	granted := s.memory.Reserve(n)
	if granted > 0 {
		return granted
	}
	s.waitsForMemory = true
	if 2*s.buffersOut > s.memory.Held() {
		s.do(Hurry{}) // most of it is with the verifiers
	}
	return 0
}

func (Refilled) apply(_ time.Time, s *State) {
	s.waitsForMemory = false
	s.repick = true
}

// apply gives memory back, because another torrent, or this one, got none. Blocks of
// the partial pieces that will be complete last are written and read back later.
func (Reclaim) apply(_ time.Time, s *State) {
	s.memory.Reclaimed(s.reclaim())
}

// reclaim has blocks hashed early or written, and reports whether memory will come back
// from it that was not on its way already: then the disk may be stuck.
func (s *State) reclaim() (gives bool) {
	if s.phase == PhaseClosed {
		return false
	}
	wasQuiet := s.buffersOut == 0
	if s.hashEarly() {
		gives = wasQuiet
		s.do(Hurry{})
	}
	for s.buffersOut < minSpill {
		a := s.leastComplete()
		if a == nil {
			break
		}
		gives = gives || s.buffersOut == 0
		s.spill(a)
	}
	return gives
}

// leastComplete returns the partial piece with most to come, which will be complete last.
func (s *State) leastComplete() (last *assembly) {
	for _, a := range s.assemblies {
		if a.bufferCount() == 0 || a.spilling > 0 || a.checking {
			continue
		}
		if last == nil || a.missing() > last.missing() || (a.missing() == last.missing() && a.piece > last.piece) {
			last = a
		}
	}
	return last
}

// spill writes what is in memory of a partial piece.
func (s *State) spill(a *assembly) {
	numbers, bufs := a.takeBuffers()
	s.buffersOut += len(bufs)
	s.do(Spill{a.piece, a.serial, numbers, bufs})
}

// spillAll writes what is in memory of all partial pieces, so that none is held.
func (s *State) spillAll() {
	for _, piece := range s.partialPieces() {
		a := s.assemblies[piece]
		if !a.checking && a.bufferCount() > 0 {
			s.spill(a)
		}
	}
}

// partialPieces returns the pieces that are under way, in rising order.
func (s *State) partialPieces() []int { return slices.Sorted(maps.Keys(s.assemblies)) }

func (e Written) apply(now time.Time, s *State) {
	s.buffersOut -= len(e.Bufs)
	s.memory.Drop(e.Bufs)
	a := s.current(e.Piece, e.Serial)
	if a == nil {
		return
	}
	a.spilling -= len(e.Numbers)
	if e.Err != nil {
		a.removeBlocks(e.Numbers)
		s.picker.Lose(a.piece, e.Numbers)
		s.fail(now, e.Err)
		return
	}
	if a.readyToCheck() {
		s.submit(a)
	}
}

// dropMemory forgets the blocks of partial pieces that are in memory.
func (s *State) dropMemory() {
	for _, piece := range s.partialPieces() {
		a := s.assemblies[piece]
		if a.checking {
			continue
		}
		var lost []int
		for k, buf := range a.bufs {
			if buf != nil {
				lost = append(lost, k)
			}
		}
		if len(lost) > 0 {
			s.memory.Drop(a.bufs)
			clear(a.bufs)
			a.removeBlocks(lost)
			s.picker.Lose(piece, lost)
		}
	}
	s.forgetEmptyAssemblies()
}

// Spilled returns the blocks of incomplete pieces that are in the Storage, unchecked:
// block numbers by piece. The caller owns it.
func (s *State) Spilled() map[int][]int {
	m := make(map[int][]int)
	for piece, a := range s.assemblies {
		if a.checking || a.spilling > 0 {
			continue
		}
		for k, arrived := range a.arrived {
			underWay := k >= a.hashed && k < a.hashed+a.hashing
			if arrived && a.bufs[k] == nil && !underWay {
				m[piece] = append(m[piece], k)
			}
		}
	}
	return m
}

// restoreSpilled takes in the blocks that a former run spilled.
func (s *State) restoreSpilled(spilled map[int][]int) {
	for _, piece := range slices.Sorted(maps.Keys(spilled)) {
		if piece < 0 || piece >= s.n || s.have.Has(piece) {
			continue
		}
		a := s.assemblyOf(piece)
		for _, k := range spilled[piece] {
			isNew := k >= 0 && k < len(a.arrived) && !a.arrived[k]
			if isNew && s.geo.Contains(s.geo.Block(piece, k)) {
				a.addStored(k)
				a.restored = true
			}
		}
		if a.readyToCheck() {
			s.submit(a)
		}
	}
}
