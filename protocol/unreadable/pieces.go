// Package unreadable remembers the pieces that are held but could not be read.
//
// The disk may be at fault for a while, or only at one place, so the rest is served and a
// piece is tried again later. In come the pieces whose read failed; out come those that are
// not served for now, and those whose time is over. [Pieces] is a value that one goroutine
// owns. It reads no clock: each call that needs the time is given it.
package unreadable

import (
	"slices"
	"time"

	"github.com/shoal-bt/shoal/swarm"
)

const (
	// firstRetry is how long a piece is not served after an error. The time doubles with
	// each error, up to longestRetry.
	firstRetry   = time.Minute
	longestRetry = 30 * time.Minute
)

// Pieces are the pieces of a torrent that could not be read. The zero Pieces has none.
type Pieces struct {
	all map[int]retry
	due time.Time // of the first that is tried again; zero for never

	warnedAt time.Time // when TakeWarning last allowed a warning
}

// A retry says when a piece is served again.
type retry struct {
	at   time.Time // zero while it is served again
	wait time.Duration
}

// Due returns when Retry has something; zero for never. It is zero if all pieces are served.
func (u *Pieces) Due() time.Time { return u.due }

// Has reports whether a piece is not served for now.
func (u *Pieces) Has(piece int) bool { return !u.all[piece].at.IsZero() }

// All returns the pieces that are not served for now, in order.
func (u *Pieces) All() (pieces []int) {
	for piece := range u.all {
		if u.Has(piece) {
			pieces = append(pieces, piece)
		}
	}
	slices.Sort(pieces)
	return pieces
}

// Count returns how many pieces are not served for now.
func (u *Pieces) Count() (n int) {
	for piece := range u.all {
		if u.Has(piece) {
			n++
		}
	}
	return n
}

// Without returns have without the pieces that are not served for now: have itself if there
// are none, and a copy otherwise.
func (u *Pieces) Without(have swarm.Bitfield) swarm.Bitfield {
	if u.due.IsZero() {
		return have
	}
	b := have.Clone()
	for _, piece := range u.All() {
		b.Clear(piece)
	}
	return b
}

// TakeWarning reports whether to warn the user of a piece. A broken disk fails for many
// pieces, so one warning in a minute is enough.
func (u *Pieces) TakeWarning(now time.Time) bool {
	if !u.warnedAt.IsZero() && now.Sub(u.warnedAt) < firstRetry {
		return false
	}
	u.warnedAt = now
	return true
}

// Add takes a piece out of what is served, and returns for how long; 0 if that is done
// already.
func (u *Pieces) Add(now time.Time, piece int) (wait time.Duration) {
	r := u.all[piece]
	if !r.at.IsZero() {
		return 0
	}
	if u.all == nil {
		u.all = make(map[int]retry)
	}
	r.wait = min(max(firstRetry, 2*r.wait), longestRetry)
	r.at = now.Add(r.wait)
	u.all[piece] = r
	u.dueAt(r.at)
	return r.wait
}

// Retry returns the pieces that are served again from now on, in order.
func (u *Pieces) Retry(now time.Time) (pieces []int) {
	u.due = time.Time{}
	for _, piece := range u.All() {
		r := u.all[piece]
		if r.at.After(now) {
			u.dueAt(r.at)
			continue
		}
		pieces = append(pieces, piece)
		u.all[piece] = retry{wait: r.wait}
	}
	return pieces
}

// dueAt sets due to t unless it is earlier.
func (u *Pieces) dueAt(t time.Time) {
	if u.due.IsZero() || t.Before(u.due) {
		u.due = t
	}
}
