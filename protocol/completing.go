package protocol

import (
	"time"

	"github.com/shoal-bt/shoal/protocol/report"
	"github.com/shoal-bt/shoal/swarm"
)

// What follows the last piece that is wanted, and the last of all, is in package completion. Users
// and sources hear of it after the sync that covers every piece, because a write that was accepted
// can still be lost.

// syncAll has the Storage make every piece outlast a power cut.
func (s *State) syncAll() {
	if s.completion.Sync() {
		s.do(Complete{All: s.complete()})
	}
}

// apply reports what is wanted as complete if the sync covers all of it. A check that found
// all of it ends, also if more is wanted by now.
func (e Synced) apply(now time.Time, s *State) {
	isStale := s.completion.Synced()
	switch {
	case e.Err != nil:
		s.fail(now, e.Err)
	case s.phase == PhaseFailed || s.phase == PhaseClosed:
	case s.phase == PhaseChecking && !s.stored.syncing: // another check follows what was synced
	case s.finished() && isStale:
		s.syncAll()
	case s.phase == PhaseChecking:
		s.leaveCheck(now)
		if s.finished() && s.completion.Downloaded {
			s.reportCompleted()
		}
	case s.finished():
		s.reportCompleted()
	}
}

// reportCompleted reports the last piece that is wanted, once: a piece that was lost and came
// back is no news, nor is what was there before it was wanted. It has the sources hear of the
// last of all pieces.
func (s *State) reportCompleted() {
	if s.completion.Report(s.complete()) {
		s.report(report.Completed{Torrent: s.ID(), All: s.complete()})
	}
	s.announceCompleted()
	s.answerWaiters()
}

// announceCompleted has the sources hear of the last piece, once: at the next Resume
// if it came during a pause
// (https://www.bittorrent.org/beps/bep_0003.html, "trackers": event).
func (s *State) announceCompleted() {
	if s.completion.Unannounced && s.Running() && s.complete() {
		s.completion.Unannounced = false
		s.do(Announce{Event: swarm.Completed})
	}
}
