package engine

import (
	"errors"
	"io/fs"
	"slices"
	"time"

	"github.com/shoal-bt/shoal/swarm"
)

func (s *state) pause(now time.Time) {
	switch s.phase {
	case PhaseChecking:
		s.paused = true // once it is checked
	case PhaseRunning:
		s.stop(now, PhasePaused, errNotNow)
		s.spillAll()
		s.report(Paused{s.id()})
	}
}

func (s *state) resume(now time.Time) {
	switch s.phase {
	case PhaseChecking:
		s.paused = false
	case PhasePaused:
		s.report(Resumed{s.id()})
		s.run(now)
	case PhaseFailed:
		// What was being written when it failed is not known: look.
		s.paused = false
		s.report(Resumed{s.id()})
		s.recheck(now, nil)
	}
}

// errBusy says that a check is under way already.
var errBusy = errors.New("engine: a check is under way")

// recheck forgets what is held and reads it again. done, if any, hears the end.
func (s *state) recheck(now time.Time, done chan error) {
	if s.phase == PhaseChecking || s.phase == PhaseClosed {
		if done != nil {
			done <- errBusy
		}
		return
	}
	s.paused = s.phase == PhasePaused
	s.stop(now, PhaseChecking, errNotNow)
	s.err = nil
	s.dropMemory()
	all := swarm.NewBitfield(s.n)
	all.SetAll(s.n)
	for i := range s.n {
		s.markMissing(i, nil)
	}
	clear(s.assembly)
	s.checked, s.toCheck = 0, s.n
	s.recheckDone = done
	s.round++
	s.toRead = all
}

// readOn begins the check that recheck asked for. What was being written then must
// be written first: it would else be read half, or come after what replaces it.
func (s *state) readOn() {
	if s.toRead != nil && s.buffersOut == 0 && s.phase == PhaseChecking {
		s.do(readStored{s.toRead, s.round})
		s.toRead = nil
	}
}

// stored is what the check of some pieces found.
type stored struct {
	round  int
	pieces []int // looked at
	good   []int
	err    error
}

func (e stored) apply(now time.Time, s *state) {
	if s.phase != PhaseChecking || e.round != s.round {
		return
	}
	s.checked += len(e.pieces)
	for _, i := range e.good {
		s.markHeld(i)
		s.report(Held{s.id(), i})
	}
	s.report(Checking{s.id(), s.checked, s.toCheck})
	if e.err != nil && !errors.Is(e.err, fs.ErrNotExist) {
		s.endCheck(e.err)
		s.fail(now, e.err)
	}
}

// checkDone is the end of a check.
type checkDone struct{ round int }

func (e checkDone) apply(now time.Time, s *state) {
	if e.round != s.round {
		return // a check that failed, and that another follows
	}
	if s.phase != PhaseChecking {
		s.endCheck(ErrClosed)
		return
	}
	s.endCheck(nil)
	s.added(now)
}

func (s *state) endCheck(err error) {
	if s.recheckDone != nil {
		s.recheckDone <- err
		s.recheckDone = nil
	}
}

// spillAll writes what is here of partial pieces, so that no memory is held.
func (s *state) spillAll() {
	for _, a := range s.assembly {
		if a.checking || a.bufferCount() == 0 {
			continue
		}
		numbers, bufs := a.takeBuffers()
		s.buffersOut += len(bufs)
		s.do(spill{a, numbers, bufs})
	}
}

// dropMemory forgets the blocks of partial pieces that are in memory.
func (s *state) dropMemory() {
	for piece, a := range s.assembly {
		var lost []int
		for k, buf := range a.bufs {
			if buf == nil || a.checking {
				continue
			}
			lost = append(lost, k)
			s.memory.drop(buf)
			a.bufs[k], a.sender[k], a.arrived[k] = nil, nil, false
			a.arrivedCount--
		}
		if len(lost) > 0 {
			s.picker.Lose(piece, lost)
		}
	}
	s.forgetEmpty()
}

// forgetEmpty forgets the pieces that were begun and nothing came of.
func (s *state) forgetEmpty() {
	for piece, a := range s.assembly {
		if a.arrivedCount == 0 && a.spilling == 0 && !a.checking {
			delete(s.assembly, piece)
		}
	}
}

// inStore returns the blocks of partial pieces that lie in the Storage.
func (s *state) inStore() map[int][]int {
	m := make(map[int][]int)
	for piece, a := range s.assembly {
		if a.checking || a.spilling > 0 {
			continue
		}
		for k, here := range a.arrived {
			underWay := k >= a.hashed && k < a.hashed+a.hashing
			if here && a.bufs[k] == nil && !underWay {
				m[piece] = append(m[piece], k)
			}
		}
		slices.Sort(m[piece])
	}
	for piece, blocks := range m {
		if len(blocks) == 0 {
			delete(m, piece)
		}
	}
	return m
}
