package schedule

import (
	"time"

	"github.com/shoal-bt/shoal/protocol/announcing"
	"github.com/shoal-bt/shoal/swarm"
)

// scheduleNext schedules the call that follows one that has ended.
func (a *Announcer) scheduleNext(j *job, event swarm.Event, answer swarm.Answer, err error, now time.Time) {
	due, earliest := announcing.After(now, answer, int(j.errors))
	j.min = earliest
	switch {
	case len(j.queued) > 0:
		a.queue.Set(&j.due, j.eventDue(now))
		return
	case event == swarm.Stopped || j.owner.Closing():
		return
	case err != nil && event != swarm.None:
		j.queued = append(j.queued, event) // the source has not heard it yet
	}
	a.queue.Set(&j.due, due)
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
