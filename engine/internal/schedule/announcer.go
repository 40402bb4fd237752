package schedule

import (
	"context"
	"reflect"
	"slices"
	"sync"
	"time"

	"github.com/shoal-bt/shoal/protocol"
	"github.com/shoal-bt/shoal/protocol/announcing"
	"github.com/shoal-bt/shoal/swarm"
)

// An Owner is the torrent that announces.
type Owner interface {
	// Post hands an Input to the torrent's turn. The caller is a task of the torrent.
	Post(protocol.Input)

	// BeginTask makes the caller a task, which ends with EndTask; it reports false when
	// the torrent is being closed. AddTask does so in a turn, or in another task.
	BeginTask() bool
	AddTask()
	EndTask()

	// Closing reports whether the torrent is being closed.
	Closing() bool

	// Swarms returns the torrent's swarms. Each is announced.
	Swarms() []swarm.ID

	// Announcement returns the figures of this moment; false when the torrent is being
	// closed.
	Announcement() (swarm.Announcement, bool)

	// Called says what a call brought that was not the last one.
	Called(Reply)
}

// A Reply is what one call of a source brought.
type Reply struct {
	Source swarm.PeerSource
	Answer swarm.Answer
	Peers  int // addresses
	Err    error
	Errors int // calls in a row that failed, with this one
}

// An Announcer calls the peer sources of all torrents when that is due. A call has a
// goroutine while it runs. The methods may be called from many goroutines; none of them
// blocks but Close.
type Announcer struct {
	max    int // calls under way
	ctx    context.Context
	cancel context.CancelFunc
	done   sync.WaitGroup
	queue  *Queue[*job]

	mu    sync.Mutex // guards also the Sources of all torrents; taken before the queue's
	calls int        // under way
}

// NewAnnouncer returns an Announcer. calls is the number of calls that may be under way.
func NewAnnouncer(calls int) *Announcer {
	a := &Announcer{max: calls}
	a.ctx, a.cancel = context.WithCancel(context.Background())
	a.queue = NewQueue[*job](a.begin)
	return a
}

// Add gives a torrent one more source. before says what another has announced for the torrent
// already. In other swarms the source is called at once if now is set.
func (a *Announcer) Add(t Owner, s *Sources, source swarm.PeerSource, now bool, before ...announcing.State) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for i, id := range t.Swarms() {
		j := &job{owner: t, sources: s, source: source, swarm: i}
		j.due.Value = j
		s.jobs = append(s.jobs, j)
		k := slices.IndexFunc(before, func(s announcing.State) bool { return s.Swarm == id && same(s.Source, source) })
		switch {
		case k >= 0:
			a.goOn(j, before[k])
		case now:
			a.enqueue(j, swarm.Started)
		}
	}
}

// Remove takes a source out, after a call that says that we stopped. last is what that
// call says.
func (a *Announcer) Remove(s *Sources, source swarm.PeerSource, last swarm.Announcement) {
	a.mu.Lock()
	defer a.mu.Unlock()
	s.jobs = slices.DeleteFunc(s.jobs, func(j *job) bool {
		if !same(j.source, source) {
			return false
		}
		j.last = &last
		if j.cancel != nil {
			j.cancel()
		}
		a.enqueue(j, swarm.Stopped)
		return true
	})
}

// same reports whether two sources are one. Those that cannot be compared, such as a
// swarm.List, are never the same.
func same(a, b swarm.PeerSource) bool {
	return reflect.TypeOf(a).Comparable() && reflect.TypeOf(b).Comparable() && a == b
}

// Announce tells all sources of a torrent of an event, or asks them for peers as soon
// as they allow. now is what a call says that follows the torrent's end. It is called in
// a turn.
func (a *Announcer) Announce(s *Sources, what protocol.Announce, now swarm.Announcement) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, j := range s.jobs {
		j.last = nil
		if what.Event == swarm.Stopped {
			j.last = &now
		}
		switch {
		case what.Event != swarm.None:
			a.enqueue(j, what.Event)
		case what.Soon && j.mayBringForward(what.Asked):
			a.bringForward(j)
		}
	}
}

// enqueue puts an event behind those that wait. Stopped drops those that it makes void.
// Completed is not one of them: trackers count it, and it is said once. A source that is
// added while its torrent resumes hears Started once, not from both.
func (a *Announcer) enqueue(j *job, event swarm.Event) {
	if event == swarm.Started {
		if j.started {
			return
		}
		j.started = true
	}
	if event == swarm.Stopped {
		j.started = false
		completed := slices.Contains(j.queued, swarm.Completed)
		for range j.queuedTasks() {
			j.owner.EndTask()
		}
		j.queued, j.ending = nil, false
		if !j.registered && !j.busy && !j.interrupted {
			a.queue.Set(&j.due, time.Time{}) // the source never heard of us
			return
		}
		// The calls that say so keep the torrent until they are done.
		j.ending = true
		if completed {
			j.owner.AddTask()
			j.queued = append(j.queued, swarm.Completed)
		}
		j.owner.AddTask()
	}
	j.queued = append(j.queued, event)
	if !j.busy {
		a.queue.Set(&j.due, j.eventDue(time.Now()))
	}
}

// Abort ends the calls under way for a torrent that is being closed, except those that
// say that it stopped. One that says that it is complete has a while left.
func (a *Announcer) Abort(s *Sources) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, j := range s.jobs {
		if j.cancel != nil {
			j.cancel()
		}
	}
}

// Forget drops the sources of a torrent that is closed.
func (a *Announcer) Forget(s *Sources) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, j := range s.jobs {
		a.queue.Set(&j.due, time.Time{})
	}
	s.jobs = nil
}

// Waiting returns the number of calls that are due later.
func (a *Announcer) Waiting() int { return a.queue.Len() }

// Close ends all calls and waits for them.
func (a *Announcer) Close() {
	a.cancel()
	a.queue.Close()
	a.done.Wait()
}
