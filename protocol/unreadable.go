package protocol

import (
	"fmt"
	"time"

	"github.com/shoal-bt/shoal/protocol/unreadable"
	"github.com/shoal-bt/shoal/swarm"
)

// readFailures is what could not be read when a peer asked for it. It is not downloaded:
// only a check may say that a piece is missing, and content that is shared may not be
// written to.
type readFailures struct {
	pieces     unreadable.Pieces
	reportedAt time.Time // of the last Warning
}

func (u *readFailures) nextDeadline() time.Time { return u.pieces.Due() }

// apply stops serving a piece that cannot be read, and says so.
func (e ReadFailed) apply(now time.Time, s *State) {
	if s.phase == PhaseClosed {
		return
	}
	p := s.peers[e.Peer]
	if p != nil && !p.closing {
		s.reject(now, p, e.Block)
	}
	if !s.have.Has(e.Block.Piece) {
		return
	}
	wait := s.unreadable.pieces.Add(now, e.Block.Piece)
	if wait == 0 {
		return
	}
	// A broken disk fails for many pieces. The first of a minute is enough.
	if s.unreadable.reportedAt.IsZero() || now.Sub(s.unreadable.reportedAt) >= unreadable.FirstRetry {
		s.unreadable.reportedAt = now
		err := fmt.Errorf("piece %d cannot be read and is not served for %v: %w", e.Block.Piece, wait, e.Err)
		s.report(Warning{Torrent: s.ID(), Err: err})
	}
}

// retryUnreadable serves again what could not be read a while ago, and tells the peers,
// because those that came meanwhile do not know of it.
func (s *State) retryUnreadable(now time.Time) {
	for _, piece := range s.unreadable.pieces.Retry(now) {
		if !s.have.Has(piece) {
			continue
		}
		for _, p := range s.order {
			if !p.closing {
				s.sendHave(now, p, piece)
			}
		}
	}
}

// readable returns the pieces that are held and served.
func (s *State) readable() swarm.Bitfield {
	if s.unreadable.pieces.Due().IsZero() {
		return s.have
	}
	b := s.have.Clone()
	for _, piece := range s.unreadable.pieces.All() {
		b.Clear(piece)
	}
	return b
}
