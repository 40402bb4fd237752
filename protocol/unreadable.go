package protocol

import (
	"fmt"
	"slices"
	"time"

	"github.com/shoal-bt/shoal/peerwire"
	"github.com/shoal-bt/shoal/swarm"
)

// How long a piece that could not be read is not served. The time doubles with each error.
const (
	firstReadRetry   = time.Minute
	longestReadRetry = 30 * time.Minute
)

// unreadable is the pieces that are held but could not be read when a peer asked for them.
// The disk may be at fault for a while, or only at one place, so the rest is served and the
// piece is tried again later. It is not downloaded: only a check may say that a piece is
// missing, and content that is shared may not be written to.
type unreadable struct {
	pieces     map[int]readRetry // nil for none
	at         time.Time         // of the first that is tried again; zero for never
	reportedAt time.Time         // of the last Warning
}

// A readRetry says when a piece is served again.
type readRetry struct {
	at   time.Time // zero while it is served again
	wait time.Duration
}

func (u *unreadable) nextDeadline() time.Time { return u.at }

// has reports whether a piece is not served for now.
func (u *unreadable) has(piece int) bool { return !u.pieces[piece].at.IsZero() }

// add takes a piece out of what is served, and reports false if that is done already.
func (u *unreadable) add(now time.Time, piece int) bool {
	r := u.pieces[piece]
	if !r.at.IsZero() {
		return false
	}
	if u.pieces == nil {
		u.pieces = make(map[int]readRetry)
	}
	r.wait = min(max(firstReadRetry, 2*r.wait), longestReadRetry)
	r.at = now.Add(r.wait)
	u.pieces[piece] = r
	u.at = earlier(u.at, r.at)
	return true
}

// retry returns the pieces that are served again from now on, in order.
func (u *unreadable) retry(now time.Time) (pieces []int) {
	u.at = time.Time{}
	for piece, r := range u.pieces {
		switch {
		case due(r.at, now):
			pieces = append(pieces, piece)
			u.pieces[piece] = readRetry{wait: r.wait}
		default:
			u.at = earlier(u.at, r.at)
		}
	}
	slices.Sort(pieces)
	return pieces
}

// apply stops serving a piece that cannot be read, and says so.
func (e ReadFailed) apply(now time.Time, s *State) {
	if s.phase == PhaseClosed {
		return
	}
	p := s.peers[e.Peer]
	if p != nil && !p.closing {
		s.reject(now, p, e.Block)
	}
	if !s.have.Has(e.Block.Piece) || !s.unreadable.add(now, e.Block.Piece) {
		return
	}
	// A broken disk fails for many pieces. The first of a minute is enough.
	if s.unreadable.reportedAt.IsZero() || now.Sub(s.unreadable.reportedAt) >= firstReadRetry {
		s.unreadable.reportedAt = now
		wait := s.unreadable.pieces[e.Block.Piece].wait
		err := fmt.Errorf("piece %d cannot be read and is not served for %v: %w", e.Block.Piece, wait, e.Err)
		s.report(Warning{Torrent: s.ID(), Err: err})
	}
}

// retryUnreadable serves again what could not be read a while ago, and tells the peers,
// because those that came meanwhile do not know of it.
func (s *State) retryUnreadable(now time.Time) {
	for _, piece := range s.unreadable.retry(now) {
		if !s.have.Has(piece) {
			continue
		}
		for _, p := range s.order {
			if !p.closing {
				s.send(now, p, peerwire.Message{Kind: peerwire.Have, Piece: piece})
			}
		}
	}
}

// readable returns the pieces that are held and served.
func (s *State) readable() swarm.Bitfield {
	if s.unreadable.at.IsZero() {
		return s.have
	}
	b := s.have.Clone()
	for piece := range s.unreadable.pieces {
		if s.unreadable.has(piece) {
			b.Clear(piece)
		}
	}
	return b
}
