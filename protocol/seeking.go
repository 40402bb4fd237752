package protocol

import (
	"slices"
	"time"

	"github.com/shoal-bt/shoal/protocol/urgent"
)

// isNear reports whether any piece is needed soon.
func (s *State) isNear(now time.Time) bool { return s.wanted.AnyNeededBefore(now.Add(urgent.Near)) }

// isOverdue reports whether a piece should have been there long ago.
func (s *State) isOverdue(now time.Time) bool {
	return s.wanted.AnyNeededBefore(now.Add(-urgent.Overdue))
}

// isUrgent reports whether a piece is needed soon.
func (s *State) isUrgent(piece int) bool {
	return s.wanted.NeededBefore(piece, s.now.Add(urgent.Near))
}

// cancelLeft cancels, after a seek, what is in the way of the pieces that are needed soon, because a
// peer sends what it was asked for first: requests for pieces without a deadline, among them those
// that lost it, to peers that have one of the pieces. They are asked again for what was cancelled if
// they have nothing better.
func (s *State) cancelLeft(now time.Time) {
	n := 0
	for _, p := range s.order {
		if p.Choking || !s.seek.NeedsOf(s.wanted, func(piece int) bool { return p.Has.Has(piece, s.n) }) {
			continue
		}
		n += s.cancelRequests(now, p, p.Pace.OnTheWay(), func(piece int) bool { return !s.wanted.HasDeadline(piece) })
	}
	s.seek.Cancelled(now, n)
	s.repick = true
}

// spillLeft writes the blocks of partial pieces that a seek left behind, because the pieces may not
// be complete for long and would hold memory. Those that somebody still sends have time.
func (s *State) spillLeft(now time.Time) {
	s.spillPieces(func(piece int) bool {
		return s.Running() && s.seek.Left(s.wanted, piece) && !s.isComing(piece)
	})
	s.seek.Written(now, s.isComing)
}

// isComing reports whether blocks of a partial piece are on their way.
func (s *State) isComing(piece int) bool {
	isSent := func(p *peer) bool { return p.Requests.HasOpen(piece) }
	return s.pieces.Get(piece) != nil && slices.ContainsFunc(s.order, isSent)
}

// tickSeek does what is due of a seek.
func (s *State) tickSeek(now time.Time) {
	if s.seek.MustCancel(now) {
		s.cancelLeft(now)
	}
	if s.seek.MustWrite(now) {
		s.spillLeft(now)
	}
	s.repick = s.repick || s.seek.MustAsk(now)
}

// scheduleAsk has peers asked again soon while a piece is needed soon and blocks are on their way.
func (s *State) scheduleAsk(now time.Time) {
	s.seek.ScheduleAsk(now, s.Running() && s.isNear(now) && slices.ContainsFunc(s.order, func(p *peer) bool { return p.Requests.Len() > 0 }))
}
