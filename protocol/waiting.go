package protocol

import (
	"slices"
	"time"
)

// A waiter is a call that waits until pieces are held.
type waiter struct {
	ticket Ticket
	piece  int // negative for all, and for the sync that follows
}

func (e Await) apply(_ time.Time, s *State) {
	s.waiters = append(s.waiters, waiter{e.Ticket, e.Piece})
	s.answerWaiters()
}

func (e Forget) apply(_ time.Time, s *State) {
	s.waiters = slices.DeleteFunc(s.waiters, func(w waiter) bool { return w.ticket == e.Ticket })
	if s.stored.ticket == e.Ticket {
		s.stored.ticket = 0
	}
}

// answerWaiters ends the calls whose piece is held, or all if the torrent has failed or
// is closed.
func (s *State) answerWaiters() {
	s.waiters = slices.DeleteFunc(s.waiters, func(w waiter) bool {
		isHeld := s.complete() && s.completion.reported
		if w.piece >= 0 {
			isHeld = s.have.Has(w.piece)
		}
		switch {
		case isHeld:
			s.do(Answer{Ticket: w.ticket})
		case s.phase == PhaseFailed:
			s.do(Answer{w.ticket, s.err})
		case s.phase == PhaseClosed:
			s.do(Answer{w.ticket, ErrClosed})
		default:
			return false
		}
		return true
	})
}
