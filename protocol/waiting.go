package protocol

import "time"

func (e Await) apply(_ time.Time, s *State) {
	s.waiters.Add(e.Ticket, e.Piece)
	s.answerWaiters()
}

func (e Forget) apply(_ time.Time, s *State) {
	s.waiters.Forget(e.Ticket)
	if s.stored.ticket == e.Ticket {
		s.stored.ticket = 0
	}
}

// answerWaiters ends the calls whose piece is held, or all if the torrent has failed or
// is closed.
func (s *State) answerWaiters() {
	for _, answer := range s.waiters.Take(s.awaited) {
		s.do(answer)
	}
}

// awaited reports whether nobody need wait any more for a piece or, if it is negative, for
// all that is wanted and for the sync; with an error if the torrent has failed, is closed, or
// does not download it.
func (s *State) awaited(piece int) (isOver bool, err error) {
	isHeld := s.finished() && s.completion.Reported && !s.stored.syncing
	if piece >= 0 {
		isHeld = s.have.Has(piece)
	}
	switch {
	case isHeld:
		return true, nil
	case s.phase == PhaseFailed:
		return true, s.err
	case s.phase == PhaseClosed:
		return true, ErrClosed
	case s.uploadOnly && s.phase != PhaseChecking && !s.unreadable.Checking && !s.completion.Syncing:
		return true, ErrUploadOnly
	case piece >= 0 && !s.wanted.Has(piece) && s.phase != PhaseChecking:
		return true, ErrNotWanted
	}
	return false, nil
}
