package schedule

import (
	"cmp"
	"time"

	"github.com/shoal-bt/shoal/swarm"
)

const (
	defaultMin     = time.Minute      // between calls on request, if the source names no interval
	leastInterval  = time.Second      // between calls, however often a source wants them
	firstBackoff   = 15 * time.Second // after a call that failed; it doubles with each
	longestBackoff = 30 * time.Minute
	doublings      = 10
)

// scheduleNext schedules the call that follows one that has ended. A source is called
// again after its interval, and never before its min interval; j.min says until when.
// Both are obeyed beside an error as well. Negative ones, which no source may return,
// count as none.
func (a *Announcer) scheduleNext(j *job, event swarm.Event, answer swarm.Answer, err error, now time.Time) {
	next, least := max(answer.Next, 0), max(answer.Min, 0)
	j.min = now.Add(cmp.Or(least, min(defaultMin, cmp.Or(next, defaultMin))))
	switch {
	case len(j.queued) > 0:
		a.queue.Set(&j.due, j.eventDue(now))
	case event == swarm.Stopped || j.owner.Closing():
	case err != nil:
		if event != swarm.None {
			j.queued = append(j.queued, event) // the source has not heard it yet
		}
		next = cmp.Or(next, backoff(int(j.errors)))
		a.queue.Set(&j.due, now.Add(max(next, least, leastInterval)))
	case next > 0:
		a.queue.Set(&j.due, now.Add(max(next, least, leastInterval)))
	}
}

// eventDue returns when to announce the first queued event. An event does not wait for an
// interval, except at a source that failed and said how long to leave it alone. Stopped
// never waits.
func (j *job) eventDue(now time.Time) time.Time {
	allowed := j.lastAt.Add(max(j.answer.Min, 0))
	if j.err != nil && j.queued[0] != swarm.Stopped && allowed.After(now) {
		return allowed
	}
	return now
}

// mayBringForward reports whether the next call may come before it is due. One that is
// to repeat a call that failed comes sooner only if a user asks.
func (j *job) mayBringForward(asked bool) bool {
	repeats := len(j.queued) > 0
	return !j.busy && ((j.registered && !repeats) || (asked && repeats))
}

// bringForward has a source called as soon as its min interval allows.
func (a *Announcer) bringForward(j *job) {
	at := time.Now()
	if j.min.After(at) {
		at = j.min
	}
	due := a.queue.At(&j.due)
	if due.IsZero() || at.Before(due) {
		a.queue.Set(&j.due, at)
	}
}

// backoff is how long to leave a source alone that failed and named no interval.
func backoff(errors int) time.Duration {
	return min(firstBackoff<<min(errors-1, doublings), longestBackoff)
}
