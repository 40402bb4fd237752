package protocol

import (
	"time"

	"github.com/shoal-bt/shoal/protocol/pieces"
)

// minSpill is the number of blocks that are on their way out of memory when memory is
// short: hashed early, or written before their piece is complete.
const minSpill = 64

// bufferUse is where the torrent's buffers are, apart from requests and assemblies.
type bufferUse struct {
	out     int  // buffers that are with verifiers and the Storage
	waiting bool // Reserve gave none, and Refilled has not come
}

// reserve sets up to n units aside for blocks of this torrent. If there are none, the
// torrent waits for Refilled.
func (s *State) reserve(n int) int {
	granted := s.memory.Reserve(n)
	if granted > 0 {
		return granted
	}
	s.buffers.waiting = true
	if 2*s.buffers.out > s.memory.Held() {
		s.do(Hurry{}) // most of it is with the verifiers
	}
	return 0
}

func (Refilled) apply(_ time.Time, s *State) {
	s.buffers.waiting = false
	s.repick = true
}

// apply gives memory back, because a torrent got none and this one holds most
// (budget.Quota.Reserve chooses). Blocks of the partial pieces that will be complete last are written and read back later.
func (Reclaim) apply(_ time.Time, s *State) {
	s.memory.Reclaimed(s.reclaim())
}

// reclaim has blocks hashed early or written, and reports whether memory will come back
// from it that was not on its way already: then the disk may be stuck.
func (s *State) reclaim() (gives bool) {
	if s.phase == PhaseClosed {
		return false
	}
	wasQuiet := s.buffers.out == 0
	if s.hashEarly() {
		gives = wasQuiet
		s.do(Hurry{})
	}
	for s.buffers.out < minSpill {
		a := s.pieces.LeastComplete()
		if a == nil {
			break
		}
		gives = gives || s.buffers.out == 0
		s.spill(a)
	}
	return gives
}

// spillPieces writes what is in memory of those partial pieces that isOver names.
func (s *State) spillPieces(isOver func(piece int) bool) {
	for _, a := range s.pieces.InOrder() {
		if !a.Checking && a.Buffers() > 0 && isOver(a.Piece) {
			s.spill(a)
		}
	}
}

// spill writes what is in memory of a partial piece.
func (s *State) spill(a *pieces.Assembly) {
	numbers, bufs := a.TakeBuffers()
	s.buffers.out += len(bufs)
	s.do(Spill{Piece: a.Piece, Serial: a.Serial, Numbers: numbers, Bufs: bufs})
}

func (e Written) apply(now time.Time, s *State) {
	s.buffers.out -= len(e.Bufs)
	s.memory.Drop(e.Bufs)
	a := s.pieces.Current(e.Piece, e.Serial)
	if a == nil {
		return
	}
	a.Spilling -= len(e.Numbers)
	if e.Err != nil {
		a.Remove(e.Numbers)
		s.picker.Lose(a.Piece, e.Numbers)
		s.fail(now, e.Err)
		return
	}
	if a.Ready() {
		s.submit(a)
	}
}
