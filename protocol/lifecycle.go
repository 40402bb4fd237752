package protocol

import (
	"errors"
	"slices"
	"time"

	"github.com/shoal-bt/shoal/protocol/ending"
	"github.com/shoal-bt/shoal/protocol/report"
	"github.com/shoal-bt/shoal/swarm"
)

var (
	// ErrClosed is the error of calls to a torrent that is closed.
	ErrClosed = errors.New("closed")

	// ErrNotWanted is the error of calls that wait for a piece that is not wanted.
	ErrNotWanted = errors.New("the piece is not wanted: give it a priority first")

	// ErrUploadOnly is the error of calls that wait for pieces of a torrent that
	// downloads nothing.
	ErrUploadOnly = errors.New("the torrent only uploads, and pieces are missing")
)

// apply takes over what is held on trust, and has the rest checked.
func (Start) apply(now time.Time, s *State) {
	for i := range s.n {
		if s.setup.Have.Has(i) {
			s.markHeld(i)
			if s.config.Events&report.OnHeld != 0 { // otherwise it would be made for nothing
				s.report(report.Held{Torrent: s.ID(), Piece: i})
			}
		}
	}
	s.completion.Begin(s.finished(), s.complete())
	s.phase = PhaseChecking
	if s.setup.Check.Count() > 0 {
		s.stored.total = int32(s.setup.Check.Count())
		s.do(CheckStored{Pieces: s.setup.Check, Round: s.stored.round})
		return
	}
	s.checked(now)
}

// checked follows the check at the start, and each later one. If all that is wanted was found, the
// check ends with the sync: what was found may never have been synced, and empty files may be
// missing.
func (s *State) checked(now time.Time) {
	if s.setup != nil { // a later check starts from the pieces alone
		s.restoreSpilled(s.setup.Spilled)
		s.setup = nil
	}
	s.submitPads()
	if s.finished() && (s.stored.total > 0 || s.n == 0) {
		s.stored.syncing = true
		s.syncAll()
		return
	}
	s.leaveCheck(now)
}

// leaveCheck ends a check and continues with what was found.
func (s *State) leaveCheck(now time.Time) {
	s.stored.syncing = false
	s.endCheck(nil)
	s.completion.EndCheck(s.finished(), s.complete())
	s.report(report.Added{Torrent: s.ID(), Held: s.haveN, Pieces: s.n, Have: s.have.Clone()})
	if s.paused {
		s.phase = PhasePaused
		s.do(Announce{Event: swarm.Stopped}) // sources may have heard of us before the torrent was here
		s.report(report.Paused{Torrent: s.ID()})
		s.answerWaiters()
		return
	}
	s.run(now)
}

// run lets the torrent talk to others.
func (s *State) run(now time.Time) {
	s.phase, s.err = PhaseRunning, nil
	s.reports.noPeers, s.reports.nothingWanted = false, false
	s.reports.partialSeed = s.isPartialSeed()
	s.figures.beginSession(s.totals())
	s.do(Announce{Event: swarm.Started})
	s.announceCompleted()
	if s.config.Events&report.OnStats != 0 {
		s.statsAt = now.Add(statsEvery)
	}
	s.startPicker()
	s.answerWaiters()
}

func (Pause) apply(now time.Time, s *State) {
	switch s.phase {
	case PhaseChecking:
		s.paused = true // once it is checked
	case PhaseRunning:
		s.stop(now, PhasePaused, ending.ErrPaused)
		s.spillAll()
		s.report(report.Paused{Torrent: s.ID()})
	}
}

func (Resume) apply(now time.Time, s *State) {
	switch s.phase {
	case PhaseChecking:
		s.paused = false
	case PhasePaused:
		s.report(report.Resumed{Torrent: s.ID()})
		s.run(now)
	case PhaseFailed:
		// What was being written when it failed is not known, so it is checked.
		s.paused = false
		s.report(report.Resumed{Torrent: s.ID()})
		s.recheck(now, 0)
	}
}

// stop ends all connections and announces it; phase is the new one
// (https://www.bittorrent.org/beps/bep_0003.html, "trackers": event).
func (s *State) stop(now time.Time, phase Phase, why error) {
	mayBeRegistered := s.Running() || s.phase == PhaseChecking // as after a fetch of the metadata
	s.phase = phase
	for _, p := range slices.Clone(s.order) {
		s.closePeer(now, p, why)
	}
	s.stopPicker()
	s.chokes.Stop()
	s.statsAt = time.Time{}
	if mayBeRegistered {
		s.do(Announce{Event: swarm.Stopped})
	}
	s.answerWaiters()
}
