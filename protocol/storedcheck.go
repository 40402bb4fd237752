package protocol

import (
	"errors"
	"time"

	"github.com/shoal-bt/shoal/protocol/ending"
	"github.com/shoal-bt/shoal/protocol/report"
	"github.com/shoal-bt/shoal/protocol/unreadable"
	"github.com/shoal-bt/shoal/swarm"
)

// ErrBusy is the error of Recheck while a check is under way.
var ErrBusy = errors.New("a check of the torrent is under way")

// A storedCheck is the check of what is stored, at the start or on request.
type storedCheck struct {
	round   int    // number of the check, so that answers to an earlier one are recognized
	checked int32  // pieces that were looked at, of total
	total   int32  // pieces
	ticket  Ticket // of the call that waits for the end; zero for none
	pending bool   // all pieces are to be checked as soon as everything is written
	syncing bool   // all that is wanted was found, and the check ends with the sync
}

func (e Recheck) apply(now time.Time, s *State) { s.recheck(now, e.Ticket) }

// recheck forgets what is held and has it read again.
func (s *State) recheck(now time.Time, ticket Ticket) {
	if s.phase == PhaseChecking || s.phase == PhaseClosed {
		if ticket != 0 {
			s.do(Answer{Ticket: ticket, Err: ErrBusy})
		}
		return
	}
	s.paused = s.phase == PhasePaused
	s.stop(now, PhaseChecking, ending.ErrPaused)
	s.err = nil
	s.dropMemory()
	for i := range s.n {
		s.markMissing(i, nil)
	}
	s.pieces.Clear()
	s.unreadable = unreadable.None
	s.completion.BeginCheck()
	s.stored = storedCheck{round: s.stored.round + 1, total: int32(s.n), pending: true, ticket: ticket}
}

// checkStoredNow begins the check that recheck asked for, once everything is written
// that was on its way: the check could otherwise read a half-written piece, or be
// overtaken by the bytes that replace it.
func (s *State) checkStoredNow() {
	if s.stored.pending && s.buffers.out == 0 && s.phase == PhaseChecking {
		all := swarm.NewBitfield(s.n)
		all.SetAll(s.n)
		s.do(CheckStored{Pieces: all, Round: s.stored.round})
		s.stored.pending = false
	}
}

func (e StoredChecked) apply(now time.Time, s *State) {
	switch {
	case e.Round != s.stored.round:
		return
	case s.unreadable.Checking:
		s.checkedAgain(now, e)
		return
	case s.phase != PhaseChecking:
		return
	}
	s.stored.checked += int32(len(e.Pieces))
	for _, i := range e.Good {
		s.markHeld(i)
		s.report(report.Held{Torrent: s.ID(), Piece: i})
	}
	s.report(report.Checking{Torrent: s.ID(), Done: int(s.stored.checked), Total: int(s.stored.total)})
	if e.Err != nil && s.uploadOnly {
		s.notRead(now, e)
	} else if e.Err != nil {
		s.fail(now, e.Err)
	}
}

func (e StoredDone) apply(now time.Time, s *State) {
	if e.Round != s.stored.round {
		return // a check that failed, and that another one follows
	}
	switch {
	case s.unreadable.Checking:
		s.unreadable.Checking = false
		s.answerWaiters()
	case s.phase != PhaseChecking:
		s.endCheck(ErrClosed)
	case s.haveN == 0 && s.unreadable.Err != nil:
		s.fail(now, s.unreadable.Err) // there is nothing to share
	default:
		s.checked(now)
	}
}

// endCheck answers the call that waits for the check, if there is one.
func (s *State) endCheck(err error) {
	if s.stored.ticket != 0 {
		s.do(Answer{Ticket: s.stored.ticket, Err: err})
		s.stored.ticket = 0
	}
}
