package engine

import (
	"container/heap"
	"sync"
	"time"
)

// deadlines is the heap of torrents by their next tick. One goroutine and one
// timer serve all torrents; a torrent without a deadline is not in it.
type deadlines struct {
	mu     sync.Mutex
	heap   byDue
	timer  *time.Timer
	closed chan struct{}
	done   sync.WaitGroup
}

func newDeadlines() *deadlines {
	d := &deadlines{timer: time.NewTimer(time.Hour), closed: make(chan struct{})}
	d.done.Go(d.run)
	return d
}

// set says when t wants its next tick; the zero time for never. A tick may come
// early: then the torrent's state finds that nothing is due.
func (d *deadlines) set(t *Torrent, at time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	switch {
	case at.IsZero() && t.due.IsZero():
		return
	case at.IsZero():
		d.take(t)
		return
	case t.due.IsZero():
		t.due = at
		heap.Push(&d.heap, t)
	case at.Before(t.due):
		t.due = at
		heap.Fix(&d.heap, t.places)
	default:
		return // it will be asked again when the earlier one has passed
	}
	if t.places == 0 {
		d.timer.Reset(time.Until(at))
	}
}

// remove forgets t.
func (d *deadlines) remove(t *Torrent) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !t.due.IsZero() {
		d.take(t)
	}
}

func (d *deadlines) take(t *Torrent) {
	heap.Remove(&d.heap, t.places)
	t.due = time.Time{}
}

func (d *deadlines) run() {
	defer d.timer.Stop()
	for {
		select {
		case <-d.timer.C:
			for _, t := range d.ripe() {
				t.tryPost(tick{})
			}
		case <-d.closed:
			return
		}
	}
}

// ripe takes out the torrents that are due and sets the timer for the next.
func (d *deadlines) ripe() (all []*Torrent) {
	d.mu.Lock()
	defer d.mu.Unlock()
	now := time.Now()
	for len(d.heap) > 0 && !d.heap[0].due.After(now) {
		t := d.heap[0]
		d.take(t)
		all = append(all, t)
	}
	if len(d.heap) > 0 {
		d.timer.Reset(d.heap[0].due.Sub(now))
	}
	return all
}

func (d *deadlines) close() {
	close(d.closed)
	d.done.Wait()
}

// byDue is a heap of torrents, the next one due first.
type byDue []*Torrent

func (h byDue) Len() int           { return len(h) }
func (h byDue) Less(i, j int) bool { return h[i].due.Before(h[j].due) }
func (h byDue) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].places, h[j].places = i, j
}
func (h *byDue) Push(x any) {
	t := x.(*Torrent)
	t.places = len(*h)
	*h = append(*h, t)
}
func (h *byDue) Pop() any {
	n := len(*h) - 1
	t := (*h)[n]
	(*h)[n] = nil
	*h = (*h)[:n]
	return t
}
