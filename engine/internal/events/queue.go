package events

import (
	"context"
	"io"
	"iter"
	"sync"

	"github.com/shoal-bt/shoal/protocol"
	"github.com/shoal-bt/shoal/protocol/report"
)

// neverDropped are the events that enter a full queue as well: they come once for a
// torrent, and a listener that missed one would wait for ever.
const neverDropped = report.OnCompleted | report.OnFailed | report.OnRemoved

// causedByPeers are the events of which others can cause any number. They fill half of a
// queue at most.
const causedByPeers = report.OnPeerConnected | report.OnPeerLost | report.OnPeerFailed |
	report.OnPeerBlocked | report.OnPeerBanned | report.OnPieceFailed

// A Queue is what waits for one listener. Its methods may be called from many
// goroutines.
type Queue struct {
	hub  *Hub
	size int
	keep func(protocol.Event) bool // which events enter; nil for all

	mu      sync.Mutex
	events  []protocol.Event
	ready   chan struct{} // holds a token while there may be events, or when done
	done    bool          // no more events enter
	dropped int64
}

// Add puts an event into the queue. It does not block.
func (q *Queue) Add(e protocol.Event) {
	if q.keep != nil && !q.keep(e) {
		return
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.done {
		return
	}
	if tick, ok := e.(report.StatsTick); ok && q.replace(tick) {
		return
	}
	size := q.size
	if e.Kind()&causedByPeers != 0 {
		size = (size + 1) / 2
	}
	if len(q.events) >= size && e.Kind()&neverDropped == 0 {
		q.dropped++
		return
	}
	q.events = append(q.events, e)
	q.signal()
}

// replace puts tick in the place of an older one of the same torrent that waits.
func (q *Queue) replace(tick report.StatsTick) bool {
	for i, e := range q.events {
		old, ok := e.(report.StatsTick)
		if ok && old.Stats.Torrent == tick.Stats.Torrent {
			q.events[i] = tick
			return true
		}
	}
	return false
}

func (q *Queue) signal() {
	select {
	case q.ready <- struct{}{}:
	default:
	}
}

func (q *Queue) finish() {
	q.mu.Lock()
	q.done = true
	q.mu.Unlock()
	q.signal()
}

// Next returns the oldest event, and waits for one if there is none. After Close it
// returns what still waits, and then io.EOF.
func (q *Queue) Next(ctx context.Context) (protocol.Event, error) {
	for {
		e, done := q.takeOldest()
		switch {
		case e != nil:
			return e, nil
		case done:
			q.signal() // others may wait too
			return nil, io.EOF
		}
		select {
		case <-q.ready:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// takeOldest takes out the oldest event; nil for none.
func (q *Queue) takeOldest() (e protocol.Event, done bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.events) == 0 {
		return nil, q.done
	}
	e = q.events[0]
	q.events[0] = nil
	q.events = q.events[1:]
	if len(q.events) > 0 {
		q.signal() // for another caller of Next
	}
	return e, false
}

// All yields events until ctx is done or the queue is closed and empty.
func (q *Queue) All(ctx context.Context) iter.Seq[protocol.Event] {
	return func(yield func(protocol.Event) bool) {
		for {
			e, err := q.Next(ctx)
			if err != nil || !yield(e) {
				return
			}
		}
	}
}

// Dropped returns the number of events that found the queue full.
func (q *Queue) Dropped() int64 {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.dropped
}

// Close takes the queue out of its Hub. What waits can still be taken.
func (q *Queue) Close() {
	q.hub.remove(q)
	q.finish()
}
