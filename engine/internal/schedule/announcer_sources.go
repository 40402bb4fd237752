package schedule

import (
	"context"
	"slices"
	"time"

	"github.com/shoal-bt/shoal/protocol/announcing"
	"github.com/shoal-bt/shoal/swarm"
)

// Sources are the sources of one torrent. The Announcer guards them.
type Sources struct {
	jobs  []*job
	calls int // under way, those included of sources that were taken out
}

// A job is one source in one of a torrent's swarms, and what to say next.
type job struct {
	owner         Owner
	sources       *Sources // that it is one of, or was
	source        swarm.PeerSource
	swarm         int                 // index of the swarm
	last          *swarm.Announcement // what to say after the torrent's end
	queued        []swarm.Event       // to announce, oldest first
	ending        bool                // what is queued up to Stopped is a task of the torrent each
	due           Entry[*job]         // the next call
	lateCompleted bool                // the call under way, or the last one, says Completed at the torrent's end
	busy          bool                // a call is under way
	interrupted   bool                // the call under way, or the last one, was ended early, so the source may have heard it
	started       bool                // Started was queued, and Stopped was not since
	registered    bool                // it heard Started, and not yet Stopped
	min           time.Time           // not before, even if a user asks
	cancel        context.CancelFunc  // ends the call under way, if that may be ended

	// What the last call brought.
	lastAt time.Time
	answer swarm.Answer
	err    error
	errors int32 // in a row
	peers  int32
}

// queuedTasks returns the number of events in the queue that are a task of the torrent.
func (j *job) queuedTasks() int {
	if !j.ending {
		return 0
	}
	return slices.Index(j.queued, swarm.Stopped) + 1
}

// nextEvent takes out the event to tell now; None if there is none.
func (j *job) nextEvent() swarm.Event {
	if len(j.queued) == 0 {
		return swarm.None
	}
	event := j.queued[0]
	j.queued = j.queued[1:]
	if len(j.queued) == 0 {
		j.queued = nil
	}
	return event
}

// saysStopped reports whether the next call says that the torrent stopped.
func (j *job) saysStopped() bool { return len(j.queued) > 0 && j.queued[0] == swarm.Stopped }

// Status returns how the sources of a torrent are doing.
func (a *Announcer) Status(s *Sources) (all []announcing.State) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, j := range s.jobs {
		all = append(all, announcing.State{
			Source:     j.source,
			Swarm:      j.owner.Swarms()[j.swarm],
			Registered: j.registered,
			Busy:       j.busy,
			Last:       j.lastAt,
			Next:       a.queue.At(&j.due),
			Earliest:   j.min,
			Answer:     j.answer,
			Err:        j.err,
			Errors:     int(j.errors),
			Peers:      int(j.peers),
		})
	}
	return all
}
