package protocol

import (
	"errors"
	"time"

	"github.com/shoal-bt/shoal/protocol/wanted"
	"github.com/shoal-bt/shoal/swarm"
)

// What the user wants of the pieces is the State's; a picker is told, and so is each new one.

// A PriorityRun gives the pieces First to Last, both included, a priority from 0, not wanted,
// to 7; 4 is the default.
type PriorityRun = wanted.Run

// A RangeError says that a run of pieces, or a priority, is none of the torrent.
type RangeError = wanted.RangeError

var (
	// ErrNotPrioritizer is the error of Prioritize and SetDeadline if the picker of the
	// torrent cannot do it.
	ErrNotPrioritizer = errors.New("the picker takes no priorities: use one that is a swarm.Prioritizer")

	// ErrNotSequencer is the error of SetSequential if the picker of the torrent cannot do it.
	ErrNotSequencer = errors.New("the picker has one order only: use one that is a swarm.Sequencer")
)

func (e Prioritize) apply(_ time.Time, s *State) { s.answer(e.Ticket, s.prioritize(e.Runs)) }

func (s *State) prioritize(runs []PriorityRun) error {
	err := s.mayPrioritize()
	if err == nil {
		err = wanted.Check(runs, s.n)
	}
	if err != nil {
		return err
	}
	tell := func(int, int) {}
	p, ok := s.picker.(swarm.Prioritizer)
	if ok {
		tell = p.SetPriority
	}
	before := s.finished()
	changed := false
	s.ownWants().Set(runs, s.have, func(piece, priority int) {
		changed = true
		tell(piece, priority)
	})
	if changed {
		s.wantsChanged(before)
	}
	return nil
}

func (e SetDeadline) apply(_ time.Time, s *State) { s.answer(e.Ticket, s.setDeadline(e.Piece, e.At)) }

func (s *State) setDeadline(piece int, at time.Time) error {
	err := s.mayPrioritize()
	if err == nil {
		err = wanted.Check([]PriorityRun{{First: piece, Last: piece}}, s.n)
	}
	if err != nil {
		return err
	}
	before := s.finished()
	raised := s.ownWants().SetDeadline(piece, at, s.have)
	p, ok := s.picker.(swarm.Prioritizer)
	if ok {
		if raised {
			p.SetPriority(piece, wanted.Lowest)
		}
		p.SetDeadline(piece, at)
	}
	if raised {
		s.wantsChanged(before)
	}
	s.repick = true
	return nil
}

func (e ClearDeadlines) apply(_ time.Time, s *State) {
	p, ok := s.picker.(swarm.Prioritizer)
	for _, piece := range s.wanted.TakeDeadlines() {
		if ok {
			p.SetDeadline(piece, time.Time{})
		}
	}
	s.answer(e.Ticket, s.openErr())
}

func (e SetSequential) apply(_ time.Time, s *State) {
	err := s.openErr()
	if err == nil && !s.pickerCan(func(p swarm.Picker) bool { _, ok := p.(swarm.Sequencer); return ok }) {
		err = ErrNotSequencer
	}
	if err == nil && e.On != s.wanted.Sequential() {
		s.ownWants().SetSequential(e.On)
		if p, ok := s.picker.(swarm.Sequencer); ok {
			p.SetSequential(e.On)
		}
	}
	s.answer(e.Ticket, err)
}

// setWants takes over what the user wants at the start.
func (s *State) setWants() {
	if s.setup.Priorities != nil {
		s.wanted = wanted.New(s.geo, s.setup.Priorities, s.have)
	}
	for piece, at := range s.setup.Deadlines {
		s.ownWants().SetDeadline(piece, at, s.have)
	}
	if s.setup.Sequential {
		s.ownWants().SetSequential(true)
	}
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

// mayPrioritize returns why nothing can be prioritized; nil if it can.
func (s *State) mayPrioritize() error {
	err := s.openErr()
	if err == nil && !s.pickerCan(func(p swarm.Picker) bool { _, ok := p.(swarm.Prioritizer); return ok }) {
		err = ErrNotPrioritizer
	}
	return err
}

// pickerCan reports whether pickers of the torrent can do something. If there is none, one is
// made and forgotten.
func (s *State) pickerCan(can func(swarm.Picker) bool) bool {
	if s.hasPicker() {
		return can(s.picker)
	}
	return can(s.newPicker())
}

// Priorities returns the priority of each piece. The caller owns the slice.
func (s *State) Priorities() []uint8 { return s.wanted.Priorities(s.n) }

// Deadlines returns by piece when it is needed. The caller owns the map.
func (s *State) Deadlines() map[int]time.Time { return s.wanted.Deadlines() }

// Sequential reports whether, of pieces of the same priority, those of a lower index are begun
// first.
func (s *State) Sequential() bool { return s.wanted.Sequential() }
