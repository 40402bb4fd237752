package magnet

import (
	"context"
	"sync"
	"time"

	"github.com/shoal-bt/shoal/protocol/addressbook"
	"github.com/shoal-bt/shoal/protocol/announcing"
	"github.com/shoal-bt/shoal/swarm"
	"github.com/shoal-bt/shoal/swarm/gathering"
)

const (
	maxCalls       = 16          // of sources, under way
	callTimeout    = time.Minute // of a call
	stoppedTimeout = 3 * time.Second
	wanted         = 80 // addresses that a source is asked for
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
	SourceState
	source *source // of the State
	swarm  int     // index of the swarm
	call   *call   // under way; nil if none is

	early     func() []swarm.PeerSource // of an Announce that came during the call; nil for none
	isLeaving bool                      // it was removed, and hears that we stopped
}

// state returns how far the source is, with its call.
func (j *job) state() SourceState {
	s := j.SourceState
	if j.call != nil {
		s.Busy, s.Call = true, j.call
	}
	return s
}

// A call is one call of a source.
type call struct {
	cancel context.CancelFunc
	done   chan struct{} // closed when the call has ended, and what follows is there

	peers  []swarm.Address
	answer swarm.Answer
	err    error
}

// run makes the call. early gets the peers that are found long before its end.
func (c *call) run(ctx context.Context, s swarm.PeerSource, say swarm.Announcement, early func([]swarm.Address)) {
	defer close(c.done)
	defer c.cancel()
	var before []swarm.Address // guarded by the batch
	batch := gathering.New(func(all []swarm.Address) {
		before = append(before, all...)
		early(all)
	})
	c.answer, c.err = s.Announce(ctx, say, batch.Add)
	rest, _ := batch.End()
	c.peers = append(before, rest...)
}

// Announce and End are for one who goes on with the call (announcing.Call).
func (c *call) Announce(ctx context.Context, _ swarm.Announcement, found func(swarm.Address)) (swarm.Answer, error) {
	stop := context.AfterFunc(ctx, c.cancel)
	defer stop()
	<-c.done
	for _, a := range c.peers {
		found(a)
	}
	return c.answer, c.err
}

func (c *call) End() {
	c.cancel()
	<-c.done
}

// addSources adds sources, which are asked at once.
func (r *run) addSources(sources []swarm.PeerSource) {
	now := time.Now()
	for _, s := range sources {
		shared := &source{s}
		for i, id := range r.swarms {
			r.sources = append(r.sources, &job{
				SourceState: SourceState{Source: s, Swarm: id, Next: now},
				source:      shared,
				swarm:       i,
			})
		}
	}
}

// callDue returns when a source is to be called; zero for never. One that heard of us is
// called as soon as it allows if we need peers.
func (r *run) callDue(now time.Time, j *job) time.Time {
	switch {
	case j.call != nil || j.isLeaving || r.mustWait(j):
		return time.Time{}
	case j.Registered && j.Errors == 0 && r.isOutOfPeers(now):
		return earlier(j.Next, j.Earliest)
	}
	return j.Next
}

// callSources calls the sources that are due.
func (r *run) callSources(now time.Time) {
	for _, j := range r.sources {
		due := r.callDue(now, j)
		if !due.IsZero() && !due.After(now) && r.calls < maxCalls {
			r.callSource(j)
		}
	}
}

// callSource calls a source, which hears Started until a call has succeeded. The call may
// outlive the fetch: then the Result has it.
func (r *run) callSource(j *job) {
	event := swarm.Started
	if j.Registered {
		event = swarm.None
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.ctx), callTimeout)
	j.call = &call{cancel: cancel, done: make(chan struct{})}
	r.calls++
	c, say := j.call, r.announcement(event)
	say.Swarm = j.Swarm
	go func() {
		c.run(ctx, j.Source, say, func(all []swarm.Address) {
			r.post(func(r *run) { r.foundBy(j.source, all, addressbook.Swarms(1)<<j.swarm) })
		})
		r.post(func(r *run) { r.called(j) })
	}()
}

// announcement returns what to tell a source. How much is missing is not known yet.
func (r *run) announcement(event swarm.Event) swarm.Announcement {
	return swarm.Announcement{
		Peer:  r.options.PeerID,
		Port:  r.options.Port,
		Event: event,
		Want:  wanted,
		Left:  -1,
	}
}

// called takes in what a call has brought.
func (r *run) called(j *job) {
	now := time.Now()
	c := j.call
	r.calls--
	j.call = nil
	r.foundBy(j.source, c.peers, addressbook.Swarms(1)<<j.swarm)
	j.Last, j.Answer, j.Err, j.Peers = now, c.answer, c.err, len(c.peers)
	j.Errors++
	if c.err == nil {
		j.Registered, j.Errors = true, 0
	} else {
		r.options.Logger.Debug("a source failed", "err", c.err)
	}
	j.Next, j.Earliest = announcing.After(now, c.answer, j.Errors)
	if j.early != nil && contains(j.early(), j.Source) {
		j.Next, j.Earliest = now, time.Time{}
	}
	j.early = nil
	r.options.OnReply(Reply{
		Source: j.Source,
		Swarm:  j.Swarm,
		Answer: c.answer,
		Peers:  j.Peers,
		Err:    c.err,
		Errors: j.Errors,
		Next:   j.Next,
	})
}

// sourceStates returns how far the sources are, with the calls that are under way.
func (r *run) sourceStates() (all []SourceState) {
	for _, j := range r.sources {
		if !j.isLeaving {
			all = append(all, j.state())
		}
	}
	return all
}

// stopSources ends calls under way, and tells the sources that may have heard of us that we
// stopped. It waits for them for a short time. say is what is the same for all.
func stopSources(all []SourceState, say swarm.Announcement) {
	ctx, cancel := context.WithTimeout(context.Background(), stoppedTimeout)
	defer cancel()
	say.Event, say.Want = swarm.Stopped, 0
	var calls sync.WaitGroup
	for _, s := range all {
		if !s.Registered && s.Call == nil {
			continue
		}
		calls.Go(func() {
			say := say // each in its own swarm
			say.Swarm = s.Swarm
			if s.Call != nil {
				s.Call.End()
			}
			s.Source.Announce(ctx, say, func(swarm.Address) {}) // nobody has use for an error
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
