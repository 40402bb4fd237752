package engine

import (
	"context"
	"io"
	"runtime"
	"sync"

	"github.com/shoal-bt/shoal/swarm"
)

// mostChecks is the number of torrents whose storages are checked at once. Each check
// takes memory and wants the disk for itself; but one that hangs must not keep all
// others waiting.
const mostChecks = 4

// readStored checks pieces against what the storage holds, when it is the torrent's
// turn. It is a task of the torrent and gives up when that is closed.
func (t *Torrent) readStored(pieces swarm.Bitfield, round int) {
	defer t.tasks.Done()
	ctx := t.context()
	if !t.engine.checks.Acquire(ctx.Done()) {
		t.post(checkDone{round})
		return
	}
	defer t.engine.checks.Release()
	checkStored(ctx, t.engine.cfg.Verifiers, t.geometry, pieces, t.storage, t.verify, func(looked, good []int, err error) {
		t.post(stored{round, looked, good, err})
	})
	t.post(checkDone{round})
}

// Verify checks what a storage holds of a torrent, without an engine. It calls
// progress, if it is not nil, after each batch with the number of pieces it has
// looked at; the calls do not overlap. workers is the number of goroutines that
// hash, zero for one for each processor. What cannot be read counts as missing.
func Verify(ctx context.Context, g swarm.Geometry, verify func([]Verdict), s swarm.Storage, workers int, progress func(done int)) (swarm.Bitfield, error) {
	n := g.Pieces()
	all, have := swarm.NewBitfield(n), swarm.NewBitfield(n)
	all.SetAll(n)
	if workers <= 0 {
		workers = runtime.GOMAXPROCS(0)
	}
	var mu sync.Mutex
	done := 0
	checkStored(ctx, workers, g, all, s, verify, func(looked, good []int, _ error) {
		mu.Lock()
		defer mu.Unlock()
		for _, i := range good {
			have.Set(i)
		}
		done += len(looked)
		if progress != nil {
			progress(done)
		}
	})
	return have, ctx.Err()
}

// checkStored hashes stored pieces on several goroutines and reports each batch.
// The checker reads the blocks itself, for each is nil in the Verdict.
func checkStored(ctx context.Context, workers int, g swarm.Geometry, pieces swarm.Bitfield, s swarm.Storage,
	verify func([]Verdict), report func(looked, good []int, err error)) {
	next := make(chan []int)
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			for looked := range next {
				good, err := checkBatch(g, looked, reading{ctx, s}, verify)
				if ctx.Err() != nil {
					continue // what was not read is neither good nor bad
				}
				report(looked, good, err)
			}
		})
	}
	var batch []int
	hand := func() bool {
		select {
		case next <- batch:
			batch = nil
			return true
		case <-ctx.Done():
			return false
		}
	}
	// Pieces of a batch are hashed side by side, so it is full where there is
	// enough for every worker.
	most := max(1, min(mostBatch, (pieces.Count()+workers-1)/workers))
	for i := range g.Pieces() {
		if !pieces.Has(i) {
			continue
		}
		if batch = append(batch, i); len(batch) == most && !hand() {
			break
		}
	}
	if len(batch) > 0 {
		hand()
	}
	close(next)
	wg.Wait()
}

// reading is a storage that is not read once its context has ended: a batch of
// long pieces would go on for seconds.
type reading struct {
	ctx     context.Context
	storage swarm.Storage
}

func (r reading) ReadAt(p []byte, off int64) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	return r.storage.ReadAt(p, off)
}

func checkBatch(g swarm.Geometry, pieces []int, s io.ReaderAt, verify func([]Verdict)) (good []int, err error) {
	batch := make([]Verdict, len(pieces))
	for i, piece := range pieces {
		batch[i] = Verdict{Piece: piece, Blocks: make([][]byte, g.BlockCount(piece)), Stored: s}
	}
	verify(batch)
	for _, v := range batch {
		if v.OK && v.Err == nil {
			good = append(good, v.Piece)
		}
		if v.Err != nil {
			err = v.Err
		}
	}
	return good, err
}
