package wanted

import (
	"container/heap"
	"time"
)

// AnyNeededBefore reports whether a piece is needed before a time.
func (w *Pieces) AnyNeededBefore(t time.Time) bool {
	if w == nil {
		return false
	}
	for len(w.nearest) > 0 {
		d := w.nearest[0]
		if w.deadlines[d.Piece].Equal(d.At) {
			return d.At.Before(t)
		}
		heap.Pop(&w.nearest) // it was taken back, changed, or met
	}
	return false
}

// NeededBefore reports whether a piece is needed before a time.
func (w *Pieces) NeededBefore(piece int, t time.Time) bool {
	if w == nil {
		return false
	}
	at, ok := w.deadlines[piece]
	return ok && at.Before(t)
}

// HasDeadline reports whether a piece has a deadline.
func (w *Pieces) HasDeadline(piece int) bool {
	if w == nil {
		return false
	}
	_, ok := w.deadlines[piece]
	return ok
}

// addNearest notes a deadline. Those that do not hold any more stay until they are the first, or
// until they are more than the others.
func (w *Pieces) addNearest(d Deadline) {
	if len(w.nearest) >= 2*len(w.deadlines)+64 {
		w.nearest = w.nearest[:0]
		for piece, at := range w.deadlines {
			w.nearest = append(w.nearest, Deadline{piece, at})
		}
		heap.Init(&w.nearest)
		return
	}
	heap.Push(&w.nearest, d)
}

// byTime is a heap of deadlines, the nearest first.
type byTime []Deadline

func (h byTime) Len() int           { return len(h) }
func (h byTime) Less(i, j int) bool { return h[i].At.Before(h[j].At) }
func (h byTime) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }

// Push implements heap.Interface.
func (h *byTime) Push(x any) { *h = append(*h, x.(Deadline)) }

// Pop implements heap.Interface.
func (h *byTime) Pop() any {
	last := len(*h) - 1
	d := (*h)[last]
	*h = (*h)[:last]
	return d
}
