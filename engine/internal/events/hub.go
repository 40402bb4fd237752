package events

import (
	"cmp"
	"slices"
	"sync"

	"github.com/shoal-bt/shoal/protocol"
)

// defaultSize is the number of events that may wait in a queue.
const defaultSize = 1024

// A Hub hands each event to all queues. The zero Hub has none. Its methods may be
// called from many goroutines.
type Hub struct {
	mu     sync.Mutex
	queues []*Queue // a new slice with each change, so that Emit reads it without the lock
	closed bool
}

// Subscribe returns a queue of the events from now on, of which size may wait; zero
// means 1,024. Only events for which keep returns true enter it; nil keeps all.
func (h *Hub) Subscribe(size int, keep func(protocol.Event) bool) *Queue {
	q := &Queue{hub: h, size: cmp.Or(size, defaultSize), keep: keep, ready: make(chan struct{}, 1)}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		q.finish()
		return q
	}
	h.queues = append(slices.Clip(h.queues), q)
	return q
}

// Emit hands an event to all queues. It does not block.
func (h *Hub) Emit(e protocol.Event) {
	h.mu.Lock()
	queues := h.queues
	h.mu.Unlock()
	for _, q := range queues {
		q.Add(e)
	}
}

// Close closes all queues, and those of later Subscribes.
func (h *Hub) Close() {
	h.mu.Lock()
	h.closed = true
	queues := h.queues
	h.queues = nil
	h.mu.Unlock()
	for _, q := range queues {
		q.finish()
	}
}

// remove takes a queue out.
func (h *Hub) remove(q *Queue) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.queues = slices.DeleteFunc(slices.Clone(h.queues), func(o *Queue) bool { return o == q })
}
