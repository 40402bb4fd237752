package engine

import (
	"context"
	"reflect"
	"slices"
	"sync"
	"time"

	"github.com/shoal-bt/shoal/engine/internal/schedule"
	"github.com/shoal-bt/shoal/swarm"
)

const (
	stoppedTimeout  = 5 * time.Second // for a source to hear that we stopped
	announceTimeout = time.Minute     // for any other call
	defaultMin      = time.Minute     // between calls on request, where a source says nothing
	leastInterval   = time.Second     // between calls that a source may ask for
	maxFound        = 1000            // addresses taken from one answer
)

// announcer calls the peer sources of all torrents when they are due, from one
// queue; a call has a goroutine while it runs.
type announcer struct {
	engine *Engine
	ctx    context.Context
	stop   context.CancelFunc
	done   sync.WaitGroup
	queue  *schedule.Queue[*announceJob]

	mu    sync.Mutex
	calls int // under way
}

// An errand is one source of one swarm of a torrent, and what to tell it next.
type announceJob struct {
	torrent    *Torrent
	source     swarm.PeerSource
	swarm      int                          // of the torrent's
	last       *swarm.Announcement          // as it was when the torrent stopped
	queued     []swarm.Event                // to be told, oldest first
	due        schedule.Entry[*announceJob] // when to call next
	busy       bool
	registered bool               // Started was told, Stopped was not
	min        time.Time          // not before, even if asked to
	cancel     context.CancelFunc // ends the call under way, if it may be ended

	// What came of the last call.
	asked  time.Time
	answer swarm.Answer
	err    error
	errors int32 // in a row
	peers  int32
}

func newAnnouncer(e *Engine) *announcer {
	a := &announcer{engine: e}
	a.ctx, a.stop = context.WithCancel(context.Background())
	a.queue = schedule.NewQueue[*announceJob](a.begin)
	return a
}

// add gives a torrent one more source, which is asked at once if now is set.
func (a *announcer) add(t *Torrent, s swarm.PeerSource, now bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for i := range t.ids {
		e := &announceJob{torrent: t, source: s, swarm: i}
		e.due.Value = e
		t.announceJobs = append(t.announceJobs, e)
		if now {
			e.queued = append(e.queued, swarm.Started)
			a.queue.Set(&e.due, time.Now())
		}
	}
}

// remove takes a source out after telling it that we stopped.
func (a *announcer) remove(t *Torrent, s swarm.PeerSource, say swarm.Announcement) {
	a.mu.Lock()
	defer a.mu.Unlock()
	t.announceJobs = slices.DeleteFunc(t.announceJobs, func(e *announceJob) bool {
		if !same(e.source, s) {
			return false
		}
		if e.last = &say; e.cancel != nil {
			e.cancel()
		}
		a.enqueue(e, swarm.Stopped)
		return true
	})
}

// same reports whether two sources are one. Those that cannot be compared, such
// as a swarm.List, are never the same.
func same(a, b swarm.PeerSource) bool {
	return reflect.TypeOf(a).Comparable() && reflect.TypeOf(b).Comparable() && a == b
}

// tell has all sources of a torrent hear of an event, or asks them for peers as
// soon as they allow. One that failed is left alone meanwhile, unless the user asks.
// It runs in a turn.
func (a *announcer) queueAnnounce(t *Torrent, what announce, say swarm.Announcement) {
	a.mu.Lock()
	defer a.mu.Unlock()
	now := time.Now()
	for _, e := range t.announceJobs {
		if e.last = nil; what.event == swarm.Stopped {
			e.last = &say
		}
		switch {
		case what.event != swarm.None:
			a.enqueue(e, what.event)
		case what.soon && !e.busy && (e.registered && len(e.queued) == 0 || what.asked && len(e.queued) > 0):
			at := now
			if e.min.After(at) {
				at = e.min
			}
			if due := a.queue.At(&e.due); due.IsZero() || at.Before(due) {
				a.queue.Set(&e.due, at)
			}
		}
	}
}

// enqueue puts an event behind those that wait; Stopped drops what it makes void.
func (a *announcer) enqueue(e *announceJob, event swarm.Event) {
	if event == swarm.Stopped {
		for _, dropped := range e.queued {
			if dropped == swarm.Stopped {
				e.torrent.tasks.Done()
			}
		}
		e.queued = nil
		if !e.registered && !e.busy {
			a.queue.Set(&e.due, time.Time{}) // it never heard of us
			return
		}
		// The call that tells of it holds the torrent until it is through.
		e.torrent.tasks.Add(1)
	}
	e.queued = append(e.queued, event)
	if !e.busy {
		a.queue.Set(&e.due, time.Now())
	}
}

// begin begins the calls that are due, as many as may be under way.
func (a *announcer) begin() (full bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	now := time.Now()
	for a.calls < a.engine.cfg.Announces {
		e, ok := a.queue.Next(now)
		if !ok {
			return false
		}
		event := swarm.None
		if len(e.queued) > 0 {
			event = e.queued[0]
			if e.queued = e.queued[1:]; len(e.queued) == 0 {
				e.queued = nil
			}
		}
		if event != swarm.Stopped && !e.torrent.beginTask() {
			continue // it is being closed; Stopped will come
		}
		e.busy = true
		a.calls++
		limit := announceTimeout
		if event == swarm.Stopped {
			limit = stoppedTimeout
		}
		ctx, cancel := context.WithTimeout(a.ctx, limit)
		if event != swarm.Stopped {
			e.cancel = cancel
		}
		a.done.Go(func() {
			defer cancel()
			a.call(ctx, e, event)
		})
	}
	return true
}

// call makes one announce. It is a task of the torrent.
func (a *announcer) call(ctx context.Context, e *announceJob, event swarm.Event) {
	t := e.torrent
	defer t.tasks.Done()
	var addrs []swarm.Address
	var answer swarm.Answer
	say, err := a.announcement(e, event)
	if err == nil {
		answer, err = e.source.Announce(ctx, say, func(p swarm.Address) {
			if len(addrs) < maxFound {
				addrs = append(addrs, p)
			}
		})
	}
	if event != swarm.Stopped {
		if len(addrs) > 0 || err == nil {
			t.post(found{addrs: addrs, in: 1 << e.swarm, asked: true})
		}
		a.report(e, answer, err, len(addrs))
	}
	a.end(e, event, answer, err, len(addrs))
}

// words is what to say, with the figures of this moment where they can be had.
func (a *announcer) announcement(e *announceJob, event swarm.Event) (fresh swarm.Announcement, err error) {
	if !e.torrent.call(func(_ time.Time, s *state) { fresh = s.announcement() }) {
		a.mu.Lock()
		last := e.last
		a.mu.Unlock()
		if last == nil {
			return fresh, ErrClosed // what is to be told of that follows
		}
		fresh = *last
	}
	fresh.Swarm, fresh.Event = e.torrent.ids[e.swarm], event
	if event == swarm.Stopped {
		fresh.Want = 0
	}
	return fresh, nil
}

func (a *announcer) report(e *announceJob, answer swarm.Answer, err error, n int) {
	t := e.torrent
	if err == nil && t.cfg.Events&OnSourceReply != 0 {
		a.engine.hub.emit(SourceReply{t.ID(), e.source, answer, n})
	}
	if err != nil && t.cfg.Events&OnSourceError != 0 && !t.isClosing() {
		a.engine.hub.emit(SourceError{t.ID(), e.source, err, int(e.errors) + 1})
	}
	if answer.Warning != "" && t.cfg.Events&OnWarning != 0 {
		a.engine.hub.emit(Warning{t.ID(), sourceWarning(answer.Warning)})
	}
}

// sourceWarning is what a source wants the user to know.
type sourceWarning string

func (w sourceWarning) Error() string { return "source: " + string(w) }

// end notes what a call brought and when to make the next.
func (a *announcer) end(e *announceJob, event swarm.Event, answer swarm.Answer, err error, n int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	now := time.Now()
	a.calls--
	e.busy, e.cancel = false, nil
	e.asked, e.answer, e.err, e.peers = now, answer, err, int32(n)
	if err != nil {
		e.errors++
	} else {
		e.errors = 0
	}
	e.registered = event != swarm.Stopped && (e.registered || err == nil)
	wait := or(answer.Min, min(defaultMin, or(answer.Next, defaultMin)))
	e.min = now.Add(max(wait, 0))
	switch {
	case len(e.queued) > 0:
		a.queue.Set(&e.due, now)
	case event == swarm.Stopped || e.torrent.isClosing():
	case err != nil:
		if event != swarm.None {
			e.queued = append(e.queued, event) // it has not heard yet
		}
		a.queue.Set(&e.due, now.Add(max(or(answer.Next, backOff(int(e.errors))), answer.Min, leastInterval)))
	case answer.Next > 0:
		a.queue.Set(&e.due, now.Add(max(answer.Next, answer.Min, leastInterval)))
	}
	a.queue.Wake()
}

// backOff is how long to leave a source alone that failed and said nothing.
func backOff(errors int) time.Duration {
	return min(15*time.Second<<min(errors-1, 10), 30*time.Minute)
}

// show returns how the sources of a torrent do.
func (a *announcer) stats(t *Torrent) (all []SourceStats) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, e := range t.announceJobs {
		all = append(all, SourceStats{
			Source: e.source, Swarm: t.ids[e.swarm], Last: e.asked, Next: a.queue.At(&e.due), Busy: e.busy,
			Answer: e.answer, Err: e.err, Errors: int(e.errors), Peers: int(e.peers),
		})
	}
	return all
}

// abort ends the calls for a torrent that is being closed, but those that tell so.
func (a *announcer) abort(t *Torrent) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, e := range t.announceJobs {
		if e.cancel != nil {
			e.cancel()
		}
	}
}

// forget drops a torrent that is closed.
func (a *announcer) forget(t *Torrent) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, e := range t.announceJobs {
		a.queue.Set(&e.due, time.Time{})
	}
	t.announceJobs = nil
}

func (a *announcer) close() {
	a.stop()
	a.queue.Close()
	a.done.Wait()
}
