package urgent

import (
	"maps"
	"time"

	"github.com/shoal-bt/shoal/protocol/wanted"
	"github.com/shoal-bt/shoal/swarm"
)

const (
	// Near is how long before its deadline a piece counts as needed soon. In that time what is
	// requested of a peer stays short, and pieces are checked without company.
	Near = 5 * time.Second

	// Overdue is how long after its deadline a piece is long overdue: who needs it waits for more than
	// what is in the way of it.
	Overdue = 2 * time.Second

	// cancelEvery is the least time between two cancellations, so that a user who seeks all the
	// time costs peers little: what they were asked for last is still on its way.
	cancelEvery = 500 * time.Millisecond

	// writeAfter is how long blocks of a piece stay in memory that lost its deadline. A user who
	// seeks back soon finds them there.
	writeAfter = time.Second

	// readingFor is how long after the last deadline somebody counts as a reader: a player that has much
	// ahead asks for more after a while.
	readingFor = 30 * time.Second

	// askEvery is how often peers are asked that have room, although nothing came of them: a
	// block that another one was asked for may be late.
	askEvery = 100 * time.Millisecond
)

// A Seek is what is still to follow from changes of deadlines: a user seeks when pieces lose their
// deadlines and others get one that is near. The zero Seek has nothing to do.
type Seek struct {
	fresh map[int]struct{} // pieces that are needed soon and were not before
	left  map[int]struct{} // pieces that lost their deadlines

	readAt                   time.Time // when a deadline was set last
	cancelAt, writeAt, askAt time.Time // zero for never
	cancelledAt              time.Time // the last time
}

// Note notes changes before w takes them over. held are the pieces that are held.
func (k *Seek) Note(now time.Time, changes []wanted.Deadline, w *wanted.Pieces, held swarm.Bitfield) {
	for _, c := range changes {
		had := w.HasDeadline(c.Piece)
		switch {
		case c.At.IsZero() && had:
			add(&k.left, c.Piece)
		case c.At.IsZero() || held.Has(c.Piece):
		case !had && c.At.Before(now.Add(Near)):
			add(&k.fresh, c.Piece)
		}
		if !c.At.IsZero() {
			k.readAt = now
		}
	}
	if len(k.fresh) > 0 && k.cancelAt.IsZero() {
		k.cancelAt = now
		if next := k.cancelledAt.Add(cancelEvery); next.After(now) {
			k.cancelAt = next
		}
	}
	if len(k.left) > 0 && k.writeAt.IsZero() {
		k.writeAt = now.Add(writeAfter)
	}
}

func add(set *map[int]struct{}, piece int) {
	if *set == nil {
		*set = make(map[int]struct{})
	}
	(*set)[piece] = struct{}{}
}

// IsReading reports whether somebody reads the torrent: deadlines were set lately.
func (k *Seek) IsReading(now time.Time) bool { return now.Sub(k.readAt) < readingFor }

// NextDeadline returns when something is due; zero for never.
func (k *Seek) NextDeadline() (next time.Time) {
	for _, t := range [...]time.Time{k.cancelAt, k.writeAt, k.askAt} {
		if next.IsZero() || (!t.IsZero() && t.Before(next)) {
			next = t
		}
	}
	return next
}

// MustCancel reports whether requests are to be cancelled now.
func (k *Seek) MustCancel(now time.Time) bool { return isDue(k.cancelAt, now) }

// MustWrite reports whether blocks that were left are to be written now.
func (k *Seek) MustWrite(now time.Time) bool { return isDue(k.writeAt, now) }

// MustAsk reports whether peers that have room are to be asked now.
func (k *Seek) MustAsk(now time.Time) bool { return isDue(k.askAt, now) }

func isDue(t, now time.Time) bool { return !t.IsZero() && !t.After(now) }

// NeedsOf reports whether a peer has a piece that is needed soon since the user sought: what else it was
// asked for is in the way. w is what is wanted now.
func (k *Seek) NeedsOf(w *wanted.Pieces, has func(piece int) bool) bool {
	for piece := range k.fresh {
		if w.HasDeadline(piece) && has(piece) {
			return true
		}
	}
	return false
}

// Left reports whether a piece lost its deadline, and has no other one now.
func (k *Seek) Left(w *wanted.Pieces, piece int) bool {
	_, ok := k.left[piece]
	return ok && !w.HasDeadline(piece)
}

// Cancelled says that a number of requests were cancelled.
func (k *Seek) Cancelled(now time.Time, n int) {
	clear(k.fresh)
	k.cancelAt = time.Time{}
	if n > 0 {
		k.cancelledAt = now
	}
}

// Written says that blocks of the pieces that were left are being written, but for those that are
// still coming: they have more time.
func (k *Seek) Written(now time.Time, isComing func(piece int) bool) {
	maps.DeleteFunc(k.left, func(piece int, _ struct{}) bool { return !isComing(piece) })
	k.writeAt = time.Time{}
	if len(k.left) > 0 {
		k.writeAt = now.Add(writeAfter)
	}
}

// ScheduleAsk says whether a piece is needed soon while blocks are on their way.
func (k *Seek) ScheduleAsk(now time.Time, isNear bool) {
	switch {
	case !isNear:
		k.askAt = time.Time{}
	case !k.askAt.After(now):
		k.askAt = now.Add(askEvery)
	}
}
