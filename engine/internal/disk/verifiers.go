package disk

import (
	"hash/maphash"
	"slices"
	"sync"
	"time"

	"github.com/shoal-bt/shoal/protocol"
)

// maxBatch is the number of pieces that are handed to Store.Verify at once.
const maxBatch = 16

// A job is a piece, or a section of one, that waits to be hashed. The verifiers own its
// blocks until they post them.
type job struct {
	protocol.Check
	owner Owner
	store *Store
	since time.Time
}

// Verifiers hash pieces for all torrents. They write nothing themselves, so that a slow
// disk holds up its own torrent only. Their methods may be called from many goroutines.
type Verifiers struct {
	seed    maphash.Seed
	workers int
	done    sync.WaitGroup

	mu     sync.Mutex
	wait   sync.Cond
	queue  []job
	hurry  *Store // whose pieces must not wait for others
	alarm  *time.Timer
	closed bool
}

// NewVerifiers returns Verifiers of n goroutines. Close ends them.
func NewVerifiers(n int) *Verifiers {
	v := &Verifiers{seed: maphash.MakeSeed(), workers: n}
	v.wait.L = &v.mu
	for range n {
		v.done.Go(v.run)
	}
	return v
}

// Check hashes a piece or a section, and writes it if it is right. CheckResult follows, or
// SectionsHashed and then SectionDone. It is called in a turn.
func (v *Verifiers) Check(t Owner, s *Store, c protocol.Check) {
	t.AddTask()
	j := job{Check: c, owner: t, store: s, since: time.Now()}
	if c.Stored {
		go v.checkSpilled(j)
		return
	}
	v.mu.Lock()
	v.add(j)
	v.mu.Unlock()
	v.wait.Signal()
}

// add puts a job behind those that wait. One that is urgent goes before the others of its torrent.
func (v *Verifiers) add(j job) {
	i := len(v.queue)
	if j.Urgent {
		isLess := func(o job) bool { return o.store == j.store && !o.Urgent }
		first := slices.IndexFunc(v.queue, isLess)
		if first >= 0 {
			i = first
		}
	}
	v.queue = slices.Insert(v.queue, i, j)
}

// Hurry has the pieces of a torrent that wait hashed at once, because memory is short.
func (v *Verifiers) Hurry(s *Store) {
	v.mu.Lock()
	if len(v.queue) > 0 && v.hurry == nil {
		v.hurry = s
	}
	v.mu.Unlock()
	v.wait.Signal()
}

// Close hashes what waits and ends the goroutines.
func (v *Verifiers) Close() {
	v.mu.Lock()
	v.closed = true
	if v.alarm != nil {
		v.alarm.Stop()
	}
	v.mu.Unlock()
	v.wait.Broadcast()
	v.done.Wait()
}

func (v *Verifiers) run() {
	for jobs := v.takeBatch(); jobs != nil; jobs = v.takeBatch() {
		v.hash(jobs)
	}
}

// takeBatch waits for pieces of one torrent: for as many as are hashed side by side, or
// until it is not worth waiting for more. It returns nil after Close.
func (v *Verifiers) takeBatch() []job {
	v.mu.Lock()
	defer v.mu.Unlock()
	for {
		n, wait := v.ready(time.Now())
		switch {
		case n > 0:
			return v.cut(n)
		case wait > 0:
			v.wakeIn(wait)
		case v.closed:
			return nil
		}
		v.wait.Wait()
	}
}

// ready returns how many pieces to take, or how long to wait for more. A piece waits
// for others only if Verify gains by it, if another one comes soon, if memory is not
// short, and if nothing that waits is urgent.
func (v *Verifiers) ready(now time.Time) (n int, wait time.Duration) {
	if len(v.queue) == 0 {
		return 0, 0
	}
	first := v.queue[0]
	lanes := max(1, first.store.Lanes)
	for n < len(v.queue) && n < max(lanes, maxBatch) && v.queue[n].store == first.store {
		n++
	}
	if lanes == 1 {
		return min(n, (len(v.queue)+v.workers-1)/v.workers), 0
	}
	isUrgent := slices.ContainsFunc(v.queue, func(j job) bool { return j.Urgent })
	if n >= lanes || isUrgent || !v.queue[n-1].Soon || v.hurry == first.store {
		return min(n, lanes), 0
	}
	wait = protocol.HashWait - now.Sub(first.since)
	if wait <= 0 {
		return n, 0
	}
	return 0, wait
}

// cut takes n jobs from the queue.
func (v *Verifiers) cut(n int) []job {
	jobs := append([]job(nil), v.queue[:n]...)
	clear(v.queue[:n])
	v.queue = v.queue[n:]
	if len(v.queue) == 0 {
		v.queue, v.hurry = nil, nil
	}
	return jobs
}

// wakeIn has the workers look at the queue after a while.
func (v *Verifiers) wakeIn(d time.Duration) {
	if v.alarm == nil {
		v.alarm = time.AfterFunc(d, v.wait.Broadcast)
		return
	}
	v.alarm.Reset(d)
}
