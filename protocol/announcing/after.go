package announcing

import (
	"cmp"
	"time"

	"github.com/shoal-bt/shoal/swarm"
)

const (
	defaultEarliest = time.Minute      // between calls on request, if the source names no interval
	leastInterval   = time.Second      // between calls, however often a source wants them
	firstBackoff    = 15 * time.Second // after a call that failed; it doubles with each
	longestBackoff  = 30 * time.Minute
	maxDoublings    = 10
)

// After returns when a source is due that has answered now, and the earliest time of a call on
// request. errors is how many calls in a row failed; 0 means that this one did not. due is zero
// for never. The source is called again after its interval, and never before its min interval.
// Both are obeyed beside an error as well. Negative ones, which no source may return, count as
// none.
func After(now time.Time, answer swarm.Answer, errors int) (due, earliest time.Time) {
	next, least := max(answer.Next, 0), max(answer.Min, 0)
	wait := cmp.Or(least, min(defaultEarliest, cmp.Or(next, defaultEarliest)))
	earliest = now.Add(max(wait, leastInterval))
	if errors > 0 {
		next = cmp.Or(next, min(firstBackoff<<min(errors-1, maxDoublings), longestBackoff))
	}
	if next > 0 {
		due = now.Add(max(next, least, leastInterval))
	}
	return due, earliest
}
