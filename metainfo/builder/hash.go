package builder

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/shoal-bt/shoal/metainfo/internal/batchhash"
	"github.com/shoal-bt/shoal/swarm"
)

// A worker reads and hashes batches of batchLen bytes. If pieces are so long that
// fewer than batchPieces fit into that, a batch has batchPieces of them, because that
// many are hashed side by side; these are read in runs.
const (
	batchLen    = 4 << 20
	batchPieces = 16
)

// hash reads the content once and fills in the hashes of p.
func (o Options) hash(ctx context.Context, p *plan) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	pieces := p.layout.Pieces()
	workers := o.workers()
	batch := int(max(1, batchLen/p.pieceLength))
	if p.seekable() {
		share := (pieces + workers - 1) / workers // busy processors gain more than full lanes
		batch = max(batch, min(batchPieces, share))
	} else {
		workers = 1
	}
	workers = min(workers, (pieces+batch-1)/batch)
	progress := &progress{report: o.Progress, total: p.total}
	var next atomic.Int64
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			w := worker{plan: p, content: content{ctx: ctx, plan: p}}
			defer w.content.Close()
			for {
				first := int(next.Add(int64(batch))) - batch
				if first >= pieces || ctx.Err() != nil {
					return
				}
				n, err := w.hash(first, min(batch, pieces-first))
				if err != nil {
					cancel(err)
					return
				}
				progress.add(n)
			}
		})
	}
	wg.Wait()
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if p.v2 {
		p.setRoots()
	}
	return nil
}

// seekable reports whether inputs can be read at any offset. All files of one file
// system are taken to be alike, so it opens only one.
func (p *plan) seekable() bool {
	for n := range p.files {
		f := &p.files[n]
		if f.pad() || f.length == 0 {
			continue
		}
		s, err := f.input.open()
		if err != nil {
			return true // reading will report the error
		}
		defer s.Close()
		_, sequential := s.(*sequentialFile)
		return !sequential
	}
	return true
}

// A progress counts the bytes that all workers have hashed.
type progress struct {
	mu          sync.Mutex
	report      func(done, total int64)
	done, total int64
}

func (p *progress) add(n int64) {
	if p.report == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.done += n
	p.report(p.done, p.total)
}

// A worker hashes one batch after the other.
type worker struct {
	plan     *plan
	content  content
	buf      []byte
	blocks   [][]byte
	verdicts []swarm.Verdict
}

// hash hashes n pieces from first on, and returns how many bytes of content
// they have.
func (w *worker) hash(first, n int) (bytes int64, err error) {
	p := w.plan
	w.verdicts = w.verdicts[:0]
	for i := range n {
		w.verdicts = append(w.verdicts, swarm.Verdict{Piece: first + i, Stored: &w.content})
	}
	if int64(n)*p.pieceLength <= batchLen {
		if err := w.load(first, n); err != nil {
			return 0, err
		}
	}
	h := batchhash.Get()
	defer h.Release()
	h.Hash(p.layout.Geometry(), p.v1, p.v2, w.verdicts)
	for i := range n {
		r := h.Result(i)
		if r.Err != nil {
			return 0, fmt.Errorf("piece %d: %w", first+i, r.Err)
		}
		bytes += p.setHashes(first+i, r)
	}
	return bytes, nil
}

// setHashes fills in the hashes of a piece, and returns how many bytes of content
// it has. Workers set those of different pieces at the same time.
func (p *plan) setHashes(piece int, r batchhash.Result) (bytes int64) {
	if p.v1 {
		copy(p.hashes1[20*piece:], r.Sum[:])
	}
	if p.v2 {
		f := &p.files[p.entryAt(int64(piece)*p.pieceLength)]
		p.hashes2[piece] = batchhash.PieceRoot(r.Leaves, f.length, p.pieceLength)
	}
	for entry, span := range p.layout.FilesOf(piece) {
		if !p.files[entry].pad() {
			bytes += span.Length
		}
	}
	return bytes
}

// load reads the pieces of a batch in one call, because that is faster than block
// by block.
func (w *worker) load(first, n int) error {
	g := w.plan.layout.Geometry()
	if w.buf == nil {
		w.buf = make([]byte, min(batchLen, g.Length))
	}
	start := int64(first) * g.PieceLength
	buf := w.buf[:min(int64(n)*g.PieceLength, g.Length-start)]
	if _, err := w.content.ReadAt(buf, start); err != nil {
		return err
	}
	w.blocks = w.blocks[:0]
	for i := range n {
		for k := range g.BlockCount(first + i) {
			b := g.Block(first+i, k)
			off := g.Offset(b) - start
			w.blocks = append(w.blocks, buf[off:][:b.Length])
		}
	}
	blocks := w.blocks
	for i := range n {
		k := g.BlockCount(first + i)
		w.verdicts[i].Blocks, blocks = blocks[:k:k], blocks[k:]
	}
	return nil
}
