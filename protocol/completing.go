package protocol

import (
	"time"

	"github.com/shoal-bt/shoal/protocol/report"
	"github.com/shoal-bt/shoal/swarm"
)

// A completion is what follows the last piece that is wanted, and the last of all. Users and
// sources hear of it after the sync that covers every piece, because a write that was accepted
// can still be lost.
type completion struct {
	syncing bool // Complete was asked for and not answered
	stale   bool // a piece was written after that

	// Of the pieces that are wanted, for users.
	came       bool // one was downloaded since Completed was reported, or since a check
	downloaded bool // the last one was, or nothing more is wanted after some; Completed was not reported since
	reported   bool // all are held and synced, and users know: Completed was reported, or they were there at the start

	// Of all pieces, for sources.
	gotLast     bool // the last one was downloaded, and the sources were not told to be told
	announced   bool // the sources hear of the last one, or every piece was there at the start
	unannounced bool // the sources have not heard of it
}

// beginCheck has everything reported that comes after a check.
func (c *completion) beginCheck() { c.reported, c.announced, c.came = false, false, false }

// leaveCheck notes what a check found: what was not downloaded is no news.
func (c *completion) leaveCheck(isFinished, isComplete bool) {
	c.reported = isFinished && !c.downloaded
	c.announced = isComplete && !c.gotLast
}

// pieceCame notes that a piece was downloaded, and whether it was the last of all.
func (c *completion) pieceCame(isWanted, isLast bool) {
	c.came = c.came || isWanted
	c.gotLast = c.gotLast || (isLast && !c.announced)
}

// finish notes that every piece that is wanted is held.
func (c *completion) finish() {
	c.downloaded = c.downloaded || (c.came && !c.reported)
}

// syncAll has the Storage make every piece outlast a power cut.
func (s *State) syncAll() {
	if s.completion.syncing {
		s.completion.stale = true
		return
	}
	s.completion.syncing, s.completion.stale = true, false
	s.do(Complete{All: s.complete()})
}

// apply reports what is wanted as complete if the sync covers all of it. A check that found
// all of it ends, also if more is wanted by now.
func (e Synced) apply(now time.Time, s *State) {
	s.completion.syncing = false
	switch {
	case e.Err != nil:
		s.fail(now, e.Err)
	case s.phase == PhaseFailed || s.phase == PhaseClosed:
	case s.phase == PhaseChecking && !s.stored.syncing: // another check follows what was synced
	case s.finished() && s.completion.stale:
		s.syncAll()
	case s.phase == PhaseChecking:
		s.leaveCheck(now)
		if s.finished() && s.completion.downloaded {
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
	c := &s.completion
	if c.downloaded {
		s.report(report.Completed{Torrent: s.ID(), All: s.complete()})
	}
	c.reported, c.downloaded, c.came = true, false, false
	if c.gotLast && s.complete() {
		c.gotLast, c.announced, c.unannounced = false, true, true
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
