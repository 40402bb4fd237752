package disk

import "slices"

// What one call writes at most, unless a single write is larger.
const (
	maxJoinedBytes = 4 << 20
	maxJoinedBufs  = 1024 // the number of buffers that pwritev takes
)

// A pendingWrite is bytes that follow one another in one lane. The queue owns its
// buffers until it calls done.
type pendingWrite struct {
	lane     int
	off, end int64 // in the torrent, in bytes
	bufs     [][]byte
	done     func(error) // called once, when the bytes are written or cannot be
	isUrgent bool        // before the others of its lane

	taken bool // by a call
}

// A writeQueue is the writes of one Storage that wait. Of each lane one call is under way,
// and of all lanes at most maxCalls, so lanes take turns. It is a value: it makes no call
// and takes no lock. No two writes in it have a byte in common.
type writeQueue struct {
	calls int                     // lanes that have a caller
	lanes map[int][]*pendingWrite // what waits for each lane, the oldest first
	ready []int                   // lanes that wait for a caller, in order of coming

	// All that wait, by their first byte and by the byte after their last.
	byOff, byEnd map[int64]*pendingWrite
}

// add adds a write. If it returns true, the caller begins to make calls for the lane of
// the write: take, the call, and next, which may name another lane.
func (q *writeQueue) add(w *pendingWrite) (begin bool) {
	if q.lanes == nil {
		q.lanes = make(map[int][]*pendingWrite)
		q.byOff, q.byEnd = make(map[int64]*pendingWrite), make(map[int64]*pendingWrite)
	}
	waiting, known := q.lanes[w.lane]
	q.lanes[w.lane] = append(waiting, w)
	q.byOff[w.off], q.byEnd[w.end] = w, w
	switch {
	case known:
		return false
	case q.calls < maxCalls:
		q.calls++
		return true
	}
	q.ready = append(q.ready, w.lane)
	return false
}

// take returns what the next call of a lane writes, in order of offsets: the urgent write that
// waits longest, else the one that does, and those that touch it or each other, as long as they fit.
func (q *writeQueue) take(lane int) []*pendingWrite {
	waiting := q.lanes[lane]
	isNext := func(w *pendingWrite) bool { return w.isUrgent && !w.taken }
	first := waiting[max(0, slices.IndexFunc(waiting, isNext))]
	q.remove(first)
	bytes, bufs := first.end-first.off, len(first.bufs)
	fits := func(w *pendingWrite) bool {
		if w == nil || w.lane != lane || bytes+w.end-w.off > maxJoinedBytes || bufs+len(w.bufs) > maxJoinedBufs {
			return false
		}
		bytes, bufs = bytes+w.end-w.off, bufs+len(w.bufs)
		q.remove(w)
		return true
	}
	joined := []*pendingWrite{first}
	for w := q.byEnd[first.off]; fits(w); w = q.byEnd[w.off] {
		joined = append(joined, w)
	}
	slices.Reverse(joined)
	for w := q.byOff[first.end]; fits(w); w = q.byOff[w.end] {
		joined = append(joined, w)
	}
	return joined
}

// remove takes a write out of the maps. It stays in its lane until next.
func (q *writeQueue) remove(w *pendingWrite) {
	w.taken = true
	delete(q.byOff, w.off)
	delete(q.byEnd, w.end)
}

// next says that the call of a lane has ended, and returns the lane that waits longest for
// a call. It reports false if none does; then the caller is done.
func (q *writeQueue) next(lane int) (int, bool) {
	waiting := q.lanes[lane]
	for len(waiting) > 0 && waiting[0].taken {
		waiting[0] = nil
		waiting = waiting[1:]
	}
	if len(waiting) > 0 {
		q.lanes[lane] = waiting
		q.ready = append(q.ready, lane)
	} else {
		delete(q.lanes, lane)
	}
	if len(q.ready) == 0 {
		q.calls--
		q.ready = nil
		return 0, false
	}
	lane = q.ready[0]
	q.ready = q.ready[1:]
	return lane, true
}
