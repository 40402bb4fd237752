package disk

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"runtime"
	"sync"

	"github.com/shoal-bt/shoal/protocol"
	"github.com/shoal-bt/shoal/swarm"
)

// MaxChecks is the number of torrents whose stored pieces are checked at once. Each check
// takes memory and wants the disk for itself; but one that hangs must not keep all
// others waiting.
const MaxChecks = 4

// Checks checks what the Storages of torrents hold, of few torrents at a time.
type Checks struct {
	workers int
	limit   Limit
}

// NewChecks returns Checks that hash with the given number of goroutines for each torrent.
func NewChecks(workers int) *Checks {
	return &Checks{workers: workers, limit: Limit{Max: MaxChecks}}
}

// Check checks stored pieces when it is the torrent's turn, and gives up when that is
// closed. StoredChecked follows any number of times, then StoredDone. It is called in a
// turn.
func (c *Checks) Check(t Owner, s *Store, e protocol.CheckStored) {
	t.AddTask()
	go func() {
		defer t.EndTask()
		c.check(t, s, e)
		t.Post(protocol.StoredDone{Round: e.Round})
	}()
}

func (c *Checks) check(t Owner, s *Store, e protocol.CheckStored) {
	ctx := t.Context()
	if !c.limit.Acquire(ctx.Done()) {
		return
	}
	defer c.limit.Release()
	checkStored(ctx, c.workers, s, e.Pieces, func(r protocol.StoredChecked) {
		r.Round = e.Round
		t.Post(r)
	})
}

// CheckAll checks all pieces against the Storage. It calls progress, if it is not nil, after each
// batch with the number of pieces that were checked so far; the calls do not overlap.
// workers is the number of goroutines that hash, zero means one for each processor. What
// cannot be read counts as missing.
func (s *Store) CheckAll(ctx context.Context, workers int, progress func(done int)) (swarm.Bitfield, error) {
	n := s.Geometry.Pieces()
	all, have := swarm.NewBitfield(n), swarm.NewBitfield(n)
	all.SetAll(n)
	if workers <= 0 {
		workers = runtime.GOMAXPROCS(0)
	}
	var mu sync.Mutex
	done := 0
	checkStored(ctx, workers, s, all, func(r protocol.StoredChecked) {
		mu.Lock()
		defer mu.Unlock()
		for _, i := range r.Good {
			have.Set(i)
		}
		done += len(r.Pieces)
		if progress != nil {
			progress(done)
		}
	})
	return have, ctx.Err()
}

// checkStored hashes stored pieces on several goroutines and reports each batch.
func checkStored(ctx context.Context, workers int, s *Store, pieces swarm.Bitfield, report func(protocol.StoredChecked)) {
	next := make(chan []int)
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			for batch := range next {
				r := s.checkBatch(batch, contextReader{ctx, s.Storage})
				if ctx.Err() != nil {
					continue // what was not read is neither good nor bad
				}
				report(r)
			}
		})
	}
	// Pieces of a batch are hashed side by side, so batches are as large as they can be
	// while there is one for every worker.
	most := max(1, min(maxBatch, (pieces.Count()+workers-1)/workers))
	sendBatches(ctx, next, s.Geometry.Pieces(), pieces, most)
	close(next)
	wg.Wait()
}

// sendBatches sends the numbers of pieces, most at a time, until ctx is done.
func sendBatches(ctx context.Context, next chan<- []int, n int, pieces swarm.Bitfield, most int) {
	var batch []int
	for i := range n {
		if pieces.Has(i) {
			batch = append(batch, i)
		}
		if len(batch) == 0 || (len(batch) < most && i < n-1) {
			continue
		}
		select {
		case next <- batch:
			batch = nil
		case <-ctx.Done():
			return
		}
	}
}

// checkBatch checks pieces that are all in the Storage: Verify reads each block itself,
// because it is nil. A file that does not exist is not an error: its pieces are missing.
func (s *Store) checkBatch(pieces []int, r io.ReaderAt) (found protocol.StoredChecked) {
	found.Pieces = pieces
	batch := make([]swarm.Verdict, len(pieces))
	for i, piece := range pieces {
		batch[i] = swarm.Verdict{Piece: piece, Blocks: make([][]byte, s.Geometry.BlockCount(piece)), Stored: r}
	}
	s.Verify(batch)
	for _, v := range batch {
		if v.OK && v.Err == nil {
			found.Good = append(found.Good, v.Piece)
		}
		if v.Err != nil && !errors.Is(v.Err, fs.ErrNotExist) {
			found.Unreadable = append(found.Unreadable, v.Piece)
			found.Err = v.Err
		}
	}
	return found
}

// contextReader is a Storage that is not read once its context has ended: a batch of
// long pieces would go on for seconds.
type contextReader struct {
	ctx     context.Context
	storage swarm.Storage
}

func (r contextReader) ReadAt(p []byte, off int64) (int, error) {
	err := r.ctx.Err()
	if err != nil {
		return 0, err
	}
	return r.storage.ReadAt(p, off)
}
