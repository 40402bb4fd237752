package protocol

import (
	"time"

	"github.com/shoal-bt/shoal/protocol/report"
	"github.com/shoal-bt/shoal/swarm"
)

// A completion is what follows the last piece. Users and sources hear of it after the sync
// that covers every piece, because a write that was accepted can still be lost.
type completion struct {
	syncing     bool // Complete was asked for and not answered
	stale       bool // a piece was written after that
	reported    bool // Completed was reported, or every piece was there at the start
	downloaded  bool // the last piece was downloaded, and Completed was not reported since
	unannounced bool // the sources have not heard of the last piece
}

// syncAll has the Storage make every piece outlast a power cut.
func (s *State) syncAll() {
	if s.completion.syncing {
		s.completion.stale = true
		return
	}
	s.completion.syncing, s.completion.stale = true, false
	s.do(Complete{})
}

// apply reports a torrent as complete if the sync covers all of it. A check that found every
// piece ends.
func (e Synced) apply(now time.Time, s *State) {
	s.completion.syncing = false
	switch {
	case e.Err != nil:
		s.fail(now, e.Err)
	case !s.complete() || s.phase == PhaseFailed || s.phase == PhaseClosed:
	case s.phase == PhaseChecking && !s.stored.syncing: // another check follows what was synced
	case s.completion.stale:
		s.syncAll()
	case s.phase == PhaseChecking:
		s.leaveCheck(now)
		if s.completion.downloaded {
			s.reportCompleted()
		}
	default:
		s.reportCompleted()
	}
}

// reportCompleted reports the last piece, once: a piece that was lost and came back is
// no news.
func (s *State) reportCompleted() {
	if !s.completion.reported {
		s.completion.reported, s.completion.downloaded = true, false
		s.report(report.Completed{Torrent: s.ID()})
		s.completion.unannounced = true
	}
	s.announceCompleted()
	s.answerWaiters()
}

// announceCompleted has the sources hear of the last piece, once: at the next Resume
// if it came during a pause
// (https://www.bittorrent.org/beps/bep_0003.html, "trackers": event).
func (s *State) announceCompleted() {
	if s.completion.unannounced && s.Running() && s.complete() {
		s.completion.unannounced = false
		s.do(Announce{Event: swarm.Completed})
	}
}
