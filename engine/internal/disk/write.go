package disk

import (
	"sort"
	"sync"

	"github.com/shoal-bt/shoal/protocol"
	"github.com/shoal-bt/shoal/swarm"
)

// A writer makes the writes of one Storage. Writes that wait for each other in the kernel
// take a processor while they wait. So the Storage says which do (swarm.WriteLaner), and
// the writes of one lane wait here. Meanwhile they take no place of the Limit, which
// reads need too.
//
// A goroutine that writes has one lane and waits for the Limit only, whose places are
// held by calls of the Storage. A write with two lanes is divided, so that no goroutine
// needs both. So no two of them wait for each other.
type writer struct {
	mu      sync.Mutex
	queue   *writeQueue // nil while nothing is written, because most torrents are idle
	unlaned int         // requests that had bytes without a lane
}

// Spill writes blocks of a piece that is not complete. Written follows. It is called in
// a turn.
func (s *Store) Spill(t Owner, e protocol.Spill) {
	t.AddTask()
	s.write(e.Piece, e.Numbers, e.Bufs, false, func(err error) {
		defer t.EndTask()
		t.Post(protocol.Written{Piece: e.Piece, Serial: e.Serial, Numbers: e.Numbers, Bufs: e.Bufs, Err: err})
	})
}

// write writes blocks of one piece and then calls done, once, from any goroutine. It does
// not wait. An urgent write comes before others of its lane. The caller must not use the buffers before.
func (s *Store) write(piece int, numbers []int, bufs [][]byte, isUrgent bool, done func(error)) {
	r := &writeRequest{done: done}
	var all []*pendingWrite
	add := func(lane int, off, end int64, bufs [][]byte) {
		all = append(all, &pendingWrite{
			lane:     lane,
			off:      off,
			end:      end,
			bufs:     bufs,
			done:     r.end,
			isUrgent: isUrgent,
		})
	}
	for i := 0; i < len(numbers); {
		first := i
		for i++; i < len(numbers) && numbers[i] == numbers[i-1]+1; i++ {
		}
		off := s.Geometry.Offset(swarm.Block{Piece: piece, Begin: numbers[first] * swarm.BlockLen})
		cutByLane(s.Storage, off, bufs[first:i], add)
	}
	if len(all) == 0 {
		done(nil)
		return
	}
	r.left = len(all)
	for _, lane := range s.writer.add(all) {
		go s.writeLane(lane)
	}
}

// cutByLane divides a write where its lane changes, and calls add for each part, in order.
// It changes neither the list nor the buffers, but add may get the list itself.
func cutByLane(s swarm.Storage, off int64, bufs [][]byte, add func(lane int, off, end int64, bufs [][]byte)) {
	end := off + size(bufs)
	skip := int64(0) // bytes of bufs[0] that were added
	for off < end {
		lane := swarm.WriteLane(s, off)
		if skip == 0 && swarm.WriteLane(s, end-1) == lane {
			add(lane, off, end, bufs)
			return
		}
		n := int64(sort.Search(int(end-off), func(n int) bool { return swarm.WriteLane(s, off+int64(n)) != lane }))
		var part [][]byte
		for left := n; left > 0; {
			b := bufs[0][skip:]
			b = b[:min(left, int64(len(b)))]
			part = append(part, b)
			left -= int64(len(b))
			skip += int64(len(b))
			if skip == int64(len(bufs[0])) {
				bufs, skip = bufs[1:], 0
			}
		}
		add(lane, off, off+n, part)
		off += n
	}
}

// size returns the number of bytes in bufs.
func size(bufs [][]byte) (n int64) {
	for _, b := range bufs {
		n += int64(len(b))
	}
	return n
}

// add adds the writes of one request to the queue. It returns the lanes for which a new
// goroutine is needed. Writes without a lane get one of their own, for each request
// another.
func (w *writer) add(all []*pendingWrite) (begin []int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.unlaned++
	if w.queue == nil {
		w.queue = new(writeQueue)
	}
	for _, p := range all {
		if p.lane < 0 {
			p.lane = -w.unlaned
		}
		if w.queue.add(p) {
			begin = append(begin, p.lane)
		}
	}
	return begin
}

// writeLane writes what waits for a lane, with one call. Then another goroutine goes on
// with the lane that next names: a goroutine that posts, and then makes the next call
// itself, keeps the turn from its processor until the runtime notices.
func (s *Store) writeLane(lane int) {
	s.limit.Acquire(nil)
	joined := s.writer.take(lane)
	err := s.writeJoined(joined)
	s.limit.Release()
	lane, more := s.writer.next(lane)
	if more {
		go s.writeLane(lane)
	}
	for _, w := range joined {
		w.done(err)
	}
}

// take locks the queue and calls its method.
func (w *writer) take(lane int) []*pendingWrite {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.queue.take(lane)
}

// next locks the queue and calls its method. It drops a queue that is empty.
func (w *writer) next(lane int) (int, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	lane, more := w.queue.next(lane)
	if w.queue.calls == 0 {
		w.queue = nil
	}
	return lane, more
}

// writeJoined writes with one call what follows one another. An error goes to all of
// them: the torrent stops, and what is stored is checked before it goes on.
func (s *Store) writeJoined(joined []*pendingWrite) error {
	bufs := joined[0].bufs
	if len(joined) > 1 {
		bufs = nil
		for _, w := range joined {
			bufs = append(bufs, w.bufs...)
		}
	}
	_, err := swarm.WriteVecAt(s.Storage, bufs, joined[0].off)
	return err
}

// A writeRequest is writes with one answer.
type writeRequest struct {
	done func(error)

	mu   sync.Mutex
	left int   // writes that have not ended
	err  error // of the first that failed
}

// end ends one of the writes. The last one calls done.
func (r *writeRequest) end(err error) {
	r.mu.Lock()
	r.left--
	if r.err == nil {
		r.err = err
	}
	last, err := r.left == 0, r.err
	r.mu.Unlock()
	if last {
		r.done(err)
	}
}
