package protocol

import (
	"fmt"
	"time"

	"github.com/shoal-bt/shoal/protocol/report"
	"github.com/shoal-bt/shoal/protocol/unreadable"
	"github.com/shoal-bt/shoal/swarm"
)

// writeFailures returns the failures of the torrent to be written to.
func (s *State) writeFailures() *unreadable.Failures {
	s.unreadable = s.unreadable.Own()
	return s.unreadable
}

// apply stops serving a piece that cannot be read, and says so.
func (e ReadFailed) apply(now time.Time, s *State) {
	if s.phase == PhaseClosed {
		return
	}
	p := s.peers[e.Peer]
	if p != nil && !p.Closing {
		s.reject(now, p, e.Block)
	}
	if !s.have.Has(e.Block.Piece) {
		return
	}
	wait := s.writeFailures().Pieces.Add(now, e.Block.Piece)
	if wait == 0 {
		return
	}
	s.sendDontHave(now, e.Block.Piece)
	s.warnUnreadable(now, fmt.Errorf("piece %d cannot be read and is not served for %v: %w", e.Block.Piece, wait, e.Err))
}

// warnUnreadable says that a piece cannot be read.
func (s *State) warnUnreadable(now time.Time, err error) {
	if s.writeFailures().Pieces.TakeWarning(now) {
		s.report(report.Warning{Torrent: s.ID(), Err: err})
	}
}

// notRead notes what a check of a torrent that only uploads could not read, to be checked
// again. The user of one that may write should look first, before anything is overwritten.
func (s *State) notRead(now time.Time, e StoredChecked) {
	u := s.writeFailures()
	u.Err = e.Err
	for _, piece := range e.Unreadable {
		wait := u.Pieces.Add(now, piece)
		s.warnUnreadable(now, fmt.Errorf("piece %d cannot be read and is checked again in %v: %w", piece, wait, e.Err))
	}
}

// retryUnreadable serves again what could not be read a while ago, and tells the peers,
// because those that came meanwhile do not know of it. What a check could not read is
// checked again.
func (s *State) retryUnreadable(now time.Time) {
	u := s.writeFailures()
	again := swarm.NewBitfield(s.n)
	for _, piece := range u.Pieces.Retry(now) {
		if s.have.Has(piece) {
			s.sendHaveToAll(now, piece)
		} else {
			again.Set(piece)
		}
	}
	isOpen := s.phase == PhaseRunning || s.phase == PhasePaused
	if again.Count() > 0 && isOpen {
		u.Checking = true
		s.stored.round++
		s.do(CheckStored{Pieces: again, Round: s.stored.round})
	}
}

// sendHaveToAll tells all peers of a piece.
func (s *State) sendHaveToAll(now time.Time, piece int) {
	for _, p := range s.order {
		if !p.Closing {
			s.sendHave(now, p, piece)
		}
	}
}

// checkedAgain takes in what a later check of pieces found that could not be read before.
func (s *State) checkedAgain(now time.Time, e StoredChecked) {
	for _, piece := range e.Good {
		s.markHeld(piece)
		s.report(report.Held{Torrent: s.ID(), Piece: piece})
		s.sendHaveToAll(now, piece)
	}
	s.notRead(now, e)
	if s.finished() && !s.completion.Reported {
		s.completion.Reported = true // nothing was downloaded
		s.syncAll()
	}
	s.answerWaiters()
}

// readable returns the pieces that are held and served.
func (s *State) readable() swarm.Bitfield {
	return s.unreadable.Pieces.Without(s.have)
}
