package metainfo

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/shoal-bt/shoal/metainfo/internal/batchhash"
	"github.com/shoal-bt/shoal/swarm"
)

// A worker reads and hashes batches of batchLen bytes, or of batchPieces pieces
// where these are longer, as many as are hashed side by side. Longer pieces are
// read in runs.
const (
	batchLen    = 4 << 20
	batchPieces = 16
)

// hash reads the content once and fills in the hashes of p.
func (b Builder) hash(ctx context.Context, p *plan) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	pieces := p.info.Pieces()
	workers := b.workers()
	batch := int(max(1, batchLen/p.info.PieceLength))
	if p.seekable() {
		share := (pieces + workers - 1) / workers // all processors are worth more than full lanes
		batch = max(batch, min(batchPieces, share))
	} else {
		workers = 1
	}
	workers = min(workers, (pieces+batch-1)/batch)
	progress := &progress{report: b.Progress, total: p.total}
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
	if p.info.v2 {
		p.setRoots()
	}
	return nil
}

// seekable reports whether inputs can be read at any offset. Those of one file
// system are taken to be alike.
func (p *plan) seekable() bool {
	for n, in := range p.inputs {
		if in == nil || p.info.Entries[n].Length == 0 {
			continue
		}
		f, err := in.open()
		if err != nil {
			return true // reading will say what is wrong
		}
		defer f.Close()
		_, slow := f.(*forward)
		return !slow
	}
	return true
}

// progress counts bytes for one observer.
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
	info := w.plan.info
	w.verdicts = w.verdicts[:0]
	for i := range n {
		w.verdicts = append(w.verdicts, swarm.Verdict{Piece: first + i, Stored: &w.content})
	}
	if int64(n)*info.PieceLength <= batchLen {
		if err := w.load(first, n); err != nil {
			return 0, err
		}
	}
	h := batchhash.Get()
	defer h.Release()
	h.Hash(info.Geometry(), info.v1, info.v2, w.verdicts)
	for i := range n {
		r := h.Result(i)
		if r.Err != nil {
			return 0, fmt.Errorf("piece %d: %w", first+i, r.Err)
		}
		if info.v1 {
			copy(w.plan.one[20*(first+i):], r.Sum[:])
		}
		if info.v2 {
			w.plan.two[first+i] = info.rootOf(first+i, r.Leaves)
		}
		for entry, span := range info.FilesOf(first + i) {
			if !info.Entries[entry].Pad {
				bytes += span.Length
			}
		}
	}
	return bytes, nil
}

// load reads the pieces of a batch in one go, rather than block by block.
func (w *worker) load(first, n int) error {
	info := w.plan.info
	g := info.Geometry()
	if w.buf == nil {
		w.buf = make([]byte, min(batchLen, info.Length))
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
	rest := w.blocks
	for i := range n {
		k := g.BlockCount(first + i)
		w.verdicts[i].Blocks, rest = rest[:k:k], rest[k:]
	}
	return nil
}
