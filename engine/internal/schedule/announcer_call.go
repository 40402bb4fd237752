package schedule

import (
	"context"
	"time"

	"github.com/shoal-bt/shoal/protocol"
	"github.com/shoal-bt/shoal/protocol/addressbook"
	"github.com/shoal-bt/shoal/swarm"
	"github.com/shoal-bt/shoal/swarm/gathering"
)

const (
	// StoppedTimeout is how long a source has to hear that we stopped.
	StoppedTimeout = 5 * time.Second

	// completedTimeout is how much of StoppedTimeout it has to hear, before that,
	// that we are complete.
	completedTimeout = StoppedTimeout / 2

	callTimeout = time.Minute // of other calls
	retryFull   = time.Second // until a call is tried again that found too many under way
)

// begin begins the calls that are due, as many as may be under way. The last eighth of
// them are for torrents that have none under way, because sources that do not answer take
// long. Calls that say that a torrent stopped are short.
func (a *Announcer) begin() (full bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	now := time.Now()
	for a.calls < a.max {
		j, ok := a.queue.Next(now)
		if !ok {
			return false
		}
		isScarce := a.calls >= a.max-a.max/8
		if isScarce && j.sources.calls > 0 && !j.saysStopped() {
			a.queue.Set(&j.due, now.Add(retryFull))
			continue
		}
		a.beginCall(j, nil)
	}
	return true
}

// beginCall begins one call, or goes on with one that is under way. It is a task of the torrent.
// For Stopped, and for a Completed that comes before it, enqueue began that.
func (a *Announcer) beginCall(j *job, underWay swarm.PeerSource) {
	isTask := j.queuedTasks() > 0
	event := j.nextEvent()
	if !isTask && !j.owner.BeginTask() {
		// The torrent is being closed. Stopped follows, and decides what is still said.
		if event != swarm.None {
			j.queued = append([]swarm.Event{event}, j.queued...)
		}
		return
	}
	limit := callTimeout
	switch {
	case event == swarm.Stopped && j.lateCompleted:
		limit = StoppedTimeout - completedTimeout
	case event == swarm.Stopped:
		limit = StoppedTimeout
	case isTask:
		limit = completedTimeout
	}
	j.lateCompleted = isTask && event == swarm.Completed
	j.interrupted = false
	ctx, cancel := context.WithTimeout(a.ctx, limit)
	switch {
	case event == swarm.Completed && !isTask:
		j.cancel = func() {
			j.lateCompleted = true
			time.AfterFunc(completedTimeout, cancel)
		}
	case event != swarm.Stopped:
		j.cancel = func() {
			j.interrupted = true
			cancel()
		}
	}
	j.busy = true
	a.calls++
	j.sources.calls++
	a.done.Go(func() {
		defer cancel()
		a.call(ctx, j, underWay, event)
	})
}

// call makes one call and ends the task.
func (a *Announcer) call(ctx context.Context, j *job, underWay swarm.PeerSource, event swarm.Event) {
	t := j.owner
	defer t.EndTask()
	var answer swarm.Answer
	source := underWay
	var announcement swarm.Announcement
	var err error
	if source == nil {
		source = j.source
		announcement, err = a.announcement(j, event)
	}
	if err != nil {
		a.putBack(j, event)
		return
	}
	found := protocol.Found{Swarms: addressbook.Swarms(1) << j.swarm, FromSource: true}
	var early func([]swarm.Address)
	if event != swarm.Stopped {
		early = func(addrs []swarm.Address) {
			first := found
			first.Addrs = addrs
			t.Post(first)
		}
	}
	batch := gathering.New(early)
	answer, err = source.Announce(ctx, announcement, batch.Add)
	addrs, count := batch.End()
	if event != swarm.Stopped {
		if len(addrs) > 0 || err == nil {
			found.Addrs, found.Tracker = addrs, answer.Tracker
			t.Post(found)
		}
		if answer.External.IsValid() {
			t.Post(protocol.OwnAddress{Addr: answer.External})
		}
		t.Called(Reply{Source: j.source, Answer: answer, Peers: count, Err: err, Errors: int(j.errors) + 1})
	}
	a.finish(j, event, answer, err, count)
}

// announcement returns what to say: the figures of this moment, or the last ones when
// the torrent has stopped.
func (a *Announcer) announcement(j *job, event swarm.Event) (swarm.Announcement, error) {
	t := j.owner
	say, ok := t.Announcement()
	if !ok {
		a.mu.Lock()
		last := j.last
		a.mu.Unlock()
		if last == nil {
			return say, protocol.ErrClosed // a Stopped announce is already queued
		}
		say = *last
	}
	say.Swarm = t.Swarms()[j.swarm]
	if event != swarm.None {
		say.Event = event
	}
	if event == swarm.Stopped {
		say.Want = 0
	}
	return say, nil
}

// putBack ends a call that was not made because the torrent is being closed. Stopped, which
// follows or is queued already, decides what is still said: Completed before it.
func (a *Announcer) putBack(j *job, event swarm.Event) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.calls--
	j.sources.calls--
	j.busy, j.cancel = false, nil
	if event == swarm.Completed {
		if j.ending {
			j.owner.AddTask() // the call itself is one still
		}
		j.queued = append([]swarm.Event{event}, j.queued...)
	}
	if j.ending {
		a.queue.Set(&j.due, time.Now())
	}
	a.queue.Wake() // another call may begin
}

// finish records what a call brought, and schedules the next.
func (a *Announcer) finish(j *job, event swarm.Event, answer swarm.Answer, err error, peers int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	now := time.Now()
	a.calls--
	j.sources.calls--
	j.busy, j.cancel = false, nil
	j.lastAt, j.answer, j.err, j.peers = now, answer, err, int32(peers)
	j.errors++
	if err == nil {
		j.errors = 0
	}
	j.registered = event != swarm.Stopped && (j.registered || err == nil)
	a.scheduleNext(j, event, answer, err, now)
	a.queue.Wake() // another call may begin
}
