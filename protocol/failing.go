package protocol

import (
	"errors"
	"time"

	"github.com/shoal-bt/shoal/protocol/report"
)

// fail stops the torrent with an error of its Storage, such as a full disk. The blocks of
// partial pieces are dropped. Only the user can do something about it; Resume then checks
// the stored pieces and goes on.
func (s *State) fail(now time.Time, err error) {
	if s.phase == PhaseClosed {
		s.lateErr = errors.Join(s.lateErr, err)
	}
	if s.phase == PhaseClosed || s.phase == PhaseFailed {
		return
	}
	s.err = err
	s.stored.pending, s.stored.syncing = false, false
	s.endCheck(err)
	s.stop(now, PhaseFailed, err)
	s.dropMemory()
	s.report(report.Failed{Torrent: s.ID(), Err: err})
}

func (e StorageFailed) apply(now time.Time, s *State) { s.fail(now, e.Err) }

// dropMemory forgets the blocks of partial pieces that are in memory.
func (s *State) dropMemory() {
	for _, a := range s.pieces.InOrder() {
		lost := a.InMemory()
		if !a.Checking && len(lost) > 0 {
			s.memory.Drop(a.Remove(lost))
			s.picker.Lose(a.Piece, lost)
		}
	}
	s.pieces.ForgetEmpty()
}
