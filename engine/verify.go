package engine

import (
	"hash/maphash"
	"io"
	"sync"
	"time"

	"github.com/shoal-bt/shoal/swarm"
)

const (
	mostBatch = 16                    // pieces that are handed to Spec.Verify at once
	laneWait  = 15 * time.Millisecond // that a whole piece waits for others to be hashed with it
)

// A verifyJob is a whole piece that waits to be checked. The verifier owns the
// blocks until it passes them on.
type verifyJob struct {
	torrent *Torrent
	asm     *assembly
	piece   int
	from    int      // the number of the first of blocks
	blocks  [][]byte // nil where the block is stored, or all pad
	state   any      // of the verifier, for the blocks before
	section bool     // blocks end before the piece does
	stored  bool     // some of blocks lie in the store
	sums    bool     // hash each block as well
	soon    bool     // another piece will be whole within laneWait
	since   time.Time
}

// verifiers hash pieces for all torrents. They write nothing themselves, so that
// a slow disk holds up its own torrent only.
type verifiers struct {
	seed maphash.Seed

	mu      sync.Mutex
	wait    sync.Cond
	queue   []verifyJob
	rush    *Torrent // whose pieces must not wait
	alarm   *time.Timer
	workers int
	closed  bool
	done    sync.WaitGroup
}

func newVerifiers(n int) *verifiers {
	v := &verifiers{seed: maphash.MakeSeed(), workers: n}
	v.wait.L = &v.mu
	for range n {
		v.done.Go(v.run)
	}
	return v
}

func (v *verifiers) add(j verifyJob) {
	v.mu.Lock()
	j.since = time.Now()
	v.queue = append(v.queue, j)
	v.mu.Unlock()
	v.wait.Signal()
}

func (v *verifiers) close() {
	v.mu.Lock()
	v.closed = true
	if v.alarm != nil {
		v.alarm.Stop()
	}
	v.mu.Unlock()
	v.wait.Broadcast()
	v.done.Wait()
}

func (v *verifiers) run() {
	for {
		jobs := v.take()
		if jobs == nil {
			return
		}
		v.check(jobs)
	}
}

// take waits for pieces of one torrent: for as many as are hashed side by side,
// or until more are not worth waiting for. It returns nil once closed.
func (v *verifiers) take() []verifyJob {
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

// ready returns how many pieces to take, or how long to wait for more.
func (v *verifiers) ready(now time.Time) (n int, wait time.Duration) {
	if len(v.queue) == 0 {
		return 0, 0
	}
	first := v.queue[0]
	lanes := max(1, first.torrent.lanes)
	for n < len(v.queue) && n < max(lanes, mostBatch) && v.queue[n].torrent == first.torrent {
		n++
	}
	if lanes == 1 {
		return min(n, (len(v.queue)+v.workers-1)/v.workers), 0
	}
	if n >= lanes || !v.queue[n-1].soon || v.rush == first.torrent {
		return min(n, lanes), 0
	}
	if wait = laneWait - now.Sub(first.since); wait <= 0 {
		return n, 0
	}
	return 0, wait
}

func (v *verifiers) cut(n int) []verifyJob {
	jobs := append([]verifyJob(nil), v.queue[:n]...)
	clear(v.queue[:n])
	v.queue = v.queue[n:]
	if len(v.queue) == 0 {
		v.queue, v.rush = nil, nil
	}
	return jobs
}

// wakeIn has the workers look again after a while.
func (v *verifiers) wakeIn(d time.Duration) {
	if v.alarm == nil {
		v.alarm = time.AfterFunc(d, v.wait.Broadcast)
		return
	}
	v.alarm.Reset(d)
}

// hurry has the torrent's pieces hashed without waiting, for memory is short.
func (v *verifiers) hurry(t *Torrent) {
	v.mu.Lock()
	if len(v.queue) > 0 && v.rush == nil {
		v.rush = t
	}
	v.mu.Unlock()
	v.wait.Signal()
}

// checkSpilled checks a piece of which blocks lie in the store. It runs on a
// goroutine of its own, so that a slow disk holds up no verifier.
func (v *verifiers) checkSpilled(j verifyJob) {
	j.torrent.disk.Acquire(nil)
	defer j.torrent.disk.Release()
	v.check([]verifyJob{j})
}

// check hashes pieces and passes them on: right ones to the store, all to the turn.
func (v *verifiers) check(jobs []verifyJob) {
	t := jobs[0].torrent
	batch := make([]Verdict, len(jobs))
	for i, j := range jobs {
		batch[i] = Verdict{Piece: j.piece, Blocks: trim(t.geometry, j), From: j.from, State: j.state, Stored: t.storage}
	}
	t.verify(batch)
	for i, j := range jobs {
		if j.section {
			go t.keepSection(sectionDone{j.asm, j.from, j.blocks, batch[i].State, batch[i].Err})
			continue
		}
		e := checkResult{
			asm: j.asm, piece: j.piece, from: j.from, blocks: j.blocks,
			ok: batch[i].OK && batch[i].Err == nil, bad: batch[i].Bad, err: batch[i].Err,
		}
		switch sums := j.sums || !e.ok && e.err == nil && len(e.bad) == 0; {
		case sums && j.from > 0:
			go func() { // for it reads what is stored
				t.disk.Acquire(nil)
				e.sums = v.sum(t, j)
				t.disk.Release()
				t.keepPiece(e)
			}()
			continue
		case sums:
			e.sums = v.sum(t, j)
		}
		if e.ok {
			go t.keepPiece(e)
		} else {
			t.keepPiece(e)
		}
	}
}

// trim returns the blocks with the lengths they have in the piece.
func trim(g swarm.Geometry, j verifyJob) [][]byte {
	n := g.PieceLen(j.piece)
	if k := len(j.blocks) - 1; !j.section && k >= 0 && j.blocks[k] != nil {
		j.blocks[k] = j.blocks[k][:n-(j.from+k)*swarm.BlockLen]
	}
	return j.blocks
}

// sum hashes each block, with a hash that peers cannot foresee. Stored blocks
// are read for that; one that cannot be read counts as empty.
func (v *verifiers) sum(t *Torrent, j verifyJob) []uint64 {
	sums := make([]uint64, j.from+len(j.blocks))
	var buf []byte
	for k := range sums {
		var b []byte
		if k >= j.from {
			b = j.blocks[k-j.from]
		}
		if b == nil {
			if buf == nil {
				buf = make([]byte, swarm.BlockLen)
			}
			at := t.geometry.Block(j.piece, k)
			n, err := t.storage.ReadAt(buf[:at.Length], t.geometry.Offset(at))
			if err != nil && err != io.EOF {
				n = 0
			}
			b = buf[:n]
		}
		sums[k] = maphash.Bytes(v.seed, b)
	}
	return sums
}

// keepPiece writes a piece if it is right. It is a task of the torrent.
func (t *Torrent) keepPiece(e checkResult) {
	defer t.tasks.Done()
	if e.ok {
		t.disk.Acquire(nil)
		e.err = t.writePiece(e.piece, e.from, e.blocks)
		t.disk.Release()
	}
	t.post(e)
}

// keepSection writes a part of a piece that was hashed. It is a task of the torrent.
func (t *Torrent) keepSection(e sectionDone) {
	defer t.tasks.Done()
	if e.err == nil {
		t.disk.Acquire(nil)
		e.err = t.writePiece(e.asm.piece, e.from, e.blocks)
		t.disk.Release()
	}
	t.post(e)
}

// writePiece writes the blocks of a piece that are in memory, in one call where
// they follow one another. The first of blocks has the number from.
func (t *Torrent) writePiece(piece, from int, blocks [][]byte) error {
	numbers := make([]int, 0, len(blocks))
	bufs := make([][]byte, 0, len(blocks))
	for k, b := range blocks {
		if b != nil {
			numbers, bufs = append(numbers, from+k), append(bufs, b)
		}
	}
	return writeBlocks(t.storage, t.geometry, piece, numbers, bufs)
}
