package reading

import (
	"slices"
	"time"
)

// A wisher is a reader, or one call of ReadAt, which wishes for a run of pieces.
type wisher struct {
	first, end int  // the pieces for which it may have wishes
	isGone     bool // it wishes for nothing any more
}

// A wish says when a wisher needs a piece.
type wish struct {
	by *wisher
	at time.Time
}

// Wishes are the wishes for one piece.
type wishes struct {
	all    []wish
	raised bool // it is wanted only because of them
}

// wish notes when a wisher needs the piece, and reports whether that is a change.
func (p *wishes) wish(by *wisher, at, now time.Time) bool {
	for i := range p.all {
		w := &p.all[i]
		if w.by != by {
			continue
		}
		if isNear(w.at, at, now) {
			return false
		}
		w.at = at
		return true
	}
	p.all = append(p.all, wish{by, at})
	return true
}

// isNear reports whether two deadlines differ so little that nobody would act differently. What is
// overdue stays as it is.
func isNear(a, b, now time.Time) bool {
	if !a.After(now) || !b.After(now) {
		return !a.After(now) && !b.After(now)
	}
	return a.Sub(b).Abs() <= max(time.Second, b.Sub(now)/4)
}

// drop removes the wish of a wisher, and reports whether there was one.
func (p *wishes) drop(by *wisher) bool {
	n := len(p.all)
	p.all = slices.DeleteFunc(p.all, func(w wish) bool { return w.by == by })
	return len(p.all) < n
}

// earliest returns the earliest wish; the zero time if there is none.
func (p *wishes) earliest() (at time.Time) {
	for _, w := range p.all {
		at = earlier(at, w.at)
	}
	return at
}

// earlier returns the earlier one of two deadlines. A zero time is none.
func earlier(a, b time.Time) time.Time {
	if a.IsZero() || (!b.IsZero() && b.Before(a)) {
		return b
	}
	return a
}
