package protocol

import (
	"cmp"
	"time"

	"github.com/shoal-bt/shoal/protocol/wanted"
)

// What the user wants of the pieces is the State's. A picker hears of it, and so does each new
// one.

// A PriorityRun gives the pieces First to Last, both included, a priority from 0, not wanted,
// to 7; 4 is the default.
type PriorityRun = wanted.Run

// A Deadline says when a piece is needed; a zero At takes that back.
type Deadline = wanted.Deadline

// A RangeError says that a run of pieces, or a priority, is none of the torrent.
type RangeError = wanted.RangeError

var (
	// ErrNotPrioritizer is the error of Prioritize and SetDeadlines if the picker of the
	// torrent cannot do it.
	ErrNotPrioritizer = wanted.ErrNotPrioritizer

	// ErrNotSequencer is the error of SetSequential if the picker of the torrent cannot do it.
	ErrNotSequencer = wanted.ErrNotSequencer
)

func (e Prioritize) apply(_ time.Time, s *State) {
	err := s.mayChangeWants(wanted.Abilities.Prioritize, wanted.Check(e.Runs, s.n))
	if err == nil {
		before := s.finished()
		if s.ownWants().Set(e.Runs, s.have, s.picker) {
			s.wantsChanged(before)
		}
	}
	s.answer(e.Ticket, err)
}

func (e SetDeadlines) apply(now time.Time, s *State) {
	err := s.mayChangeWants(wanted.Abilities.Prioritize, wanted.CheckDeadlines(e.Changes, s.n))
	if err == nil {
		before := s.finished()
		s.seek.Note(now, e.Changes, s.wanted, s.have)
		if s.ownWants().SetDeadlines(e.Changes, s.have, s.picker) {
			s.wantsChanged(before)
		}
		s.repick = true
		if s.seek.MustCancel(now) {
			s.cancelLeft(now)
		}
	}
	s.answer(e.Ticket, err)
}

func (e ClearDeadlines) apply(_ time.Time, s *State) {
	s.wanted.ClearDeadlines(s.picker)
	s.answer(e.Ticket, s.openErr())
}

func (e SetSequential) apply(_ time.Time, s *State) {
	err := s.mayChangeWants(wanted.Abilities.Sequence, nil)
	if err == nil && e.On != s.wanted.Sequential() {
		s.ownWants().SetSequential(e.On, s.picker)
	}
	s.answer(e.Ticket, err)
}

// ownWants returns what is wanted, to be changed.
func (s *State) ownWants() *wanted.Pieces {
	if s.wanted == nil {
		s.wanted = wanted.New(s.geo, nil, s.have)
	}
	return s.wanted
}

// answer ends a call, if anybody waits.
func (s *State) answer(t Ticket, err error) {
	if t != 0 {
		s.do(Answer{Ticket: t, Err: err})
	}
}

// openErr returns ErrClosed if the torrent is closed.
func (s *State) openErr() error {
	if s.phase == PhaseClosed {
		return ErrClosed
	}
	return nil
}

// mayChangeWants returns why what is wanted cannot change; nil if it can. can says why pickers of
// the torrent cannot do it: one is made and forgotten to find out. invalid is why the change is
// none of the torrent.
func (s *State) mayChangeWants(can func(wanted.Abilities) error, invalid error) error {
	if s.abilities == 0 {
		s.abilities = wanted.AbilitiesOf(s.newPicker())
	}
	return cmp.Or(s.openErr(), can(s.abilities), invalid)
}

// Priorities returns the priority of each piece. The caller owns the slice.
func (s *State) Priorities() []uint8 { return s.wanted.Priorities(s.n) }

// Deadlines returns by piece when it is needed. The caller owns the map.
func (s *State) Deadlines() map[int]time.Time { return s.wanted.Deadlines() }

// Sequential reports whether, of pieces of the same priority, those of a lower index are begun
// first.
func (s *State) Sequential() bool { return s.wanted.Sequential() }
