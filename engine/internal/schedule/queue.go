package schedule

import (
	"container/heap"
	"sync"
	"time"
)

// A Queue says when it is time for things of type T. One goroutine and one timer serve
// all of them, so a thing that has no time set costs nothing. Its methods may be called
// from many goroutines, also by the function that is given to NewQueue.
type Queue[T any] struct {
	due    func() (full bool)
	begin  time.Time // times in the heap count from here, which takes less memory
	closed chan struct{}
	done   sync.WaitGroup

	mu    sync.Mutex
	heap  entries[T]
	timer *time.Timer // its next firing may be earlier than that of any entry
}

// An Entry is the place of one thing in a Queue. Its owner sets Value once, and the
// Queue guards the rest.
type Entry[T any] struct {
	Value T
	at    time.Duration // since Queue.begin
	place int           // index in the heap plus 1; 0 if it does not wait
}

// NewQueue returns an empty Queue. It calls due, on one goroutine, when the time of an
// entry has come; due takes entries out with Next. If due cannot take all of them it
// reports full, and calls Wake when it can.
func NewQueue[T any](due func() (full bool)) *Queue[T] {
	q := &Queue[T]{due: due, begin: time.Now(), closed: make(chan struct{}), timer: time.NewTimer(time.Hour)}
	q.done.Go(q.run)
	return q
}

// Set changes the time of an entry; the zero time takes it out.
func (q *Queue[T]) Set(e *Entry[T], at time.Time) {
	q.mu.Lock()
	defer q.mu.Unlock()
	waits := e.place > 0
	since := at.Sub(q.begin)
	switch {
	case at.IsZero() && waits:
		heap.Remove(&q.heap, e.place-1)
		return
	case at.IsZero() || (waits && since == e.at):
		return
	case waits:
		e.at = since
		heap.Fix(&q.heap, e.place-1)
	default:
		e.at = since
		heap.Push(&q.heap, e)
	}
	if e.place == 1 {
		q.timer.Reset(time.Until(at))
	}
}

// At returns the time of an entry; zero means that it does not wait.
func (q *Queue[T]) At(e *Entry[T]) time.Time {
	q.mu.Lock()
	defer q.mu.Unlock()
	if e.place == 0 {
		return time.Time{}
	}
	return q.begin.Add(e.at)
}

// Next takes out an entry whose time has come, the earliest first. It reports false if
// there is none.
func (q *Queue[T]) Next(now time.Time) (value T, ok bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.heap) == 0 || q.heap[0].at > now.Sub(q.begin) {
		return value, false
	}
	e := heap.Pop(&q.heap).(*Entry[T])
	return e.Value, true
}

// Len returns the number of entries that wait.
func (q *Queue[T]) Len() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.heap)
}

// Wake has due called when the time of the first entry comes, or now if it has come.
func (q *Queue[T]) Wake() {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.heap) > 0 {
		q.timer.Reset(time.Until(q.begin.Add(q.heap[0].at)))
	}
}

// Close ends the Queue and waits until due has returned. It must be called once.
func (q *Queue[T]) Close() {
	close(q.closed)
	q.done.Wait()
}

func (q *Queue[T]) run() {
	defer q.timer.Stop()
	for {
		select {
		case <-q.timer.C:
			if !q.due() {
				q.Wake()
			}
		case <-q.closed:
			return
		}
	}
}

// entries is a heap by time, the earliest first.
type entries[T any] []*Entry[T]

func (h entries[T]) Len() int           { return len(h) }
func (h entries[T]) Less(i, j int) bool { return h[i].at < h[j].at }
func (h entries[T]) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].place, h[j].place = i+1, j+1
}

func (h *entries[T]) Push(x any) {
	e := x.(*Entry[T])
	*h = append(*h, e)
	e.place = len(*h)
}

func (h *entries[T]) Pop() any {
	n := len(*h) - 1
	e := (*h)[n]
	(*h)[n] = nil
	*h = (*h)[:n]
	e.place = 0
	return e
}
