package swarmsim

import (
	"math"
	"time"
)

// never is the time of what does not happen.
const never = time.Duration(math.MaxInt64)

// An event is something that happens to one participant at a time of the simulation.
type event struct {
	at  time.Duration
	key uint64 // decides between equal times: by participant, and then in the order in which it added them
	do  any    // a *packet, a protocol.Input or one of the types in node.go and tracker.go
}

// A queue holds the events of one participant, by time and then by key. It is a binary
// heap of values, because container/heap allocates for each event.
type queue struct {
	owner  uint64 // number of the participant
	added  uint64 // events that it has added, to this queue and others
	events []event
}

func before(a, b *event) bool { return a.at < b.at || (a.at == b.at && a.key < b.key) }

// newKey returns the key of the next event that the owner of q adds to any queue.
func (q *queue) newKey() uint64 {
	q.added++
	return q.owner<<40 | q.added
}

// nextAt returns the time of the first event, or never.
func (q *queue) nextAt() time.Duration {
	if len(q.events) == 0 {
		return never
	}
	return q.events[0].at
}

func (q *queue) push(at time.Duration, key uint64, do any) {
	q.events = append(q.events, event{at, key, do})
	h := q.events
	for i := len(h) - 1; i > 0; {
		parent := (i - 1) / 2
		if !before(&h[i], &h[parent]) {
			return
		}
		h[i], h[parent] = h[parent], h[i]
		i = parent
	}
}

// pop removes the first event and returns what happens.
func (q *queue) pop() any {
	h := q.events
	first, last := h[0].do, len(h)-1
	h[0] = h[last]
	h[last] = event{}
	q.events = h[:last]
	h = q.events
	for i := 0; ; {
		child := 2*i + 1
		if child >= last {
			return first
		}
		if child+1 < last && before(&h[child+1], &h[child]) {
			child++
		}
		if !before(&h[child], &h[i]) {
			return first
		}
		h[i], h[child] = h[child], h[i]
		i = child
	}
}

// A fifo is a line in which the first is served first.
type fifo[T any] struct {
	items []T
	head  int // index of the first item
}

func (f *fifo[T]) len() int { return len(f.items) - f.head }

// first returns the first item, which must exist.
func (f *fifo[T]) first() *T { return &f.items[f.head] }

func (f *fifo[T]) push(x T) { f.items = append(f.items, x) }

func (f *fifo[T]) pop() T {
	var zero T
	x := f.items[f.head]
	f.items[f.head] = zero
	f.head++
	if 2*f.head >= len(f.items) {
		n := copy(f.items, f.items[f.head:])
		clear(f.items[n:])
		f.items, f.head = f.items[:n], 0
	}
	return x
}
