package magnet

import (
	"cmp"
	"context"
	"sync"
	"time"

	"github.com/shoal-bt/shoal/protocol/addressbook"
	"github.com/shoal-bt/shoal/swarm"
)

const (
	maxCalls       = 16          // of sources, under way
	callTimeout    = time.Minute // of a call
	stoppedTimeout = 3 * time.Second
	maxFound       = 1000 // addresses that are taken from one answer
	wanted         = 80   // addresses that a source is asked for

	defaultEarliest = time.Minute      // between calls when we need peers, if the source names no interval
	leastInterval   = time.Second      // between calls, however often a source wants them
	firstBackoff    = 15 * time.Second // after a call that failed; it doubles with each
	longestBackoff  = 30 * time.Minute
	maxDoublings    = 10
)

// A source is a PeerSource, which may not be comparable.
type source struct{ swarm.PeerSource }

// A Reply is what a call of a source brought.
type Reply struct {
	Source swarm.PeerSource
	Swarm  swarm.ID
	Answer swarm.Answer
	Peers  int       // addresses
	Err    error     // nil for an answer
	Errors int       // calls in a row that failed, with this one
	Next   time.Time // of the next call; zero for never
}

// A job is a source in one of the link's swarms.
type job struct {
	source   *source
	swarm    int // its index
	busy     bool
	started  bool      // it heard Started
	tried    bool      // a call began, so it may have heard Started
	errors   int       // calls in a row that failed
	due      time.Time // of the next call; zero for never
	earliest time.Time // of a call that is made because we need peers
}

// addSources adds sources, which are asked at once.
func (r *run) addSources(sources []swarm.PeerSource) {
	now := time.Now()
	for _, s := range sources {
		shared := &source{s}
		for i := range r.swarms {
			r.sources = append(r.sources, &job{source: shared, swarm: i, due: now})
		}
	}
}

// callDue returns when a source is to be called; zero for never. One that heard of us is
// called as soon as it allows if we need peers.
func (r *run) callDue(now time.Time, j *job) time.Time {
	switch {
	case j.busy:
		return time.Time{}
	case j.started && j.errors == 0 && r.isOutOfPeers(now):
		return earlier(j.due, j.earliest)
	}
	return j.due
}

// callSources calls the sources that are due.
func (r *run) callSources(now time.Time) {
	for _, j := range r.sources {
		due := r.callDue(now, j)
		if !due.IsZero() && !due.After(now) && r.calls < maxCalls {
			r.call(j)
		}
	}
}

// call calls a source, which hears Started until a call has succeeded.
func (r *run) call(j *job) {
	j.busy, j.tried = true, true
	r.calls++
	event := swarm.Started
	if j.started {
		event = swarm.None
	}
	say := r.announcement(j, event)
	r.tasks.Go(func() {
		ctx, cancel := context.WithTimeout(r.ctx, callTimeout)
		defer cancel()
		var peers []swarm.Address
		answer, err := j.source.Announce(ctx, say, func(a swarm.Address) {
			if len(peers) < maxFound {
				peers = append(peers, a)
			}
		})
		r.post(func(r *run) { r.called(j, peers, answer, err) })
	})
}

// announcement returns what to tell a source. How much is missing is not known yet.
func (r *run) announcement(j *job, event swarm.Event) swarm.Announcement {
	say := swarm.Announcement{
		Swarm: r.swarms[j.swarm],
		Peer:  r.options.PeerID,
		Port:  r.options.Port,
		Event: event,
		Want:  wanted,
		Left:  -1,
	}
	if event == swarm.Stopped {
		say.Want = 0
	}
	return say
}

// called takes in the answer of a source. Its intervals hold beside an error as well.
func (r *run) called(j *job, peers []swarm.Address, answer swarm.Answer, err error) {
	now := time.Now()
	r.calls--
	j.busy = false
	r.foundBy(j.source, peers, addressbook.Swarms(1)<<j.swarm)
	next, least := max(answer.Next, 0), max(answer.Min, 0)
	j.earliest = now.Add(max(cmp.Or(least, min(defaultEarliest, cmp.Or(next, defaultEarliest))), leastInterval))
	if err == nil {
		j.started, j.errors = true, 0
	} else {
		j.errors++
		next = cmp.Or(next, min(firstBackoff<<min(j.errors-1, maxDoublings), longestBackoff))
		r.options.Logger.Debug("a source failed", "err", err)
	}
	j.due = time.Time{}
	if next > 0 {
		j.due = now.Add(max(next, least, leastInterval))
	}
	r.options.OnReply(Reply{
		Source: j.source.PeerSource,
		Swarm:  r.swarms[j.swarm],
		Answer: answer,
		Peers:  len(peers),
		Err:    err,
		Errors: j.errors,
		Next:   j.due,
	})
}

// sourceStates returns how far the sources are.
func (r *run) sourceStates(now time.Time) (all []SourceState) {
	for _, j := range r.sources {
		all = append(all, SourceState{
			Source:   j.source.PeerSource,
			Swarm:    r.swarms[j.swarm],
			Started:  j.started,
			Next:     j.due,
			Earliest: j.earliest,
		})
	}
	return all
}

// sayStopped tells the sources that may have heard of us that we stopped. It waits for them
// for a short time.
func (r *run) sayStopped() {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.ctx), stoppedTimeout)
	defer cancel()
	var calls sync.WaitGroup
	for _, j := range r.sources {
		if !j.tried || (!j.started && !j.busy) {
			continue
		}
		calls.Go(func() {
			_, err := j.source.Announce(ctx, r.announcement(j, swarm.Stopped), func(swarm.Address) {})
			if err != nil {
				r.options.Logger.Debug("a source did not hear that we stopped", "err", err)
			}
		})
	}
	calls.Wait()
}

// earlier returns the earlier of two times, of which zero is never; later returns the later.
func earlier(a, b time.Time) time.Time {
	if a.IsZero() || (!b.IsZero() && b.Before(a)) {
		return b
	}
	return a
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
