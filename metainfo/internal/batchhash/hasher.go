package batchhash

import (
	"errors"
	"fmt"
	"sync"

	"github.com/shoal-bt/shoal/piecehash"
	"github.com/shoal-bt/shoal/swarm"
)

// A Hasher keeps its memory from batch to batch, so hashers are pooled.
var hashers = sync.Pool{New: func() any {
	h := new(Hasher)
	h.pull = func(n int) []byte { return h.nextBlock(&h.pieces[h.base+n]) }
	return h
}}

var (
	errNoStorage = errors.New("a block is nil, and Stored is nil too")
	errNoPiece   = errors.New("there is no such piece")
	errState     = errors.New("the field State does not belong to the blocks before From")
)

// A Hasher hashes batches of pieces, for v1 and v2 in one pass over the bytes. One
// goroutine at a time may use it.
type Hasher struct {
	g        swarm.Geometry
	v1, v2   bool
	runLen   int                // most bytes that one call reads
	rate     float64            // of the last read, in bytes a second
	pull     func(n int) []byte // nextBlock of piece base+n of the batch
	base     int
	pieces   []piece
	sections []piecehash.Section1 // v1 hashes, one for each piece
	leaves   [][32]byte           // v2 leaves of all pieces, one after the other

	// Reading ahead.
	reads      chan *read    // nil until something has to be read
	readerDone chan struct{} // closed when serveReads returns
	spareReads []*read
	started    int  // pieces whose first run was requested
	measuring  bool // the first run is being read, to measure the storage
	oneByOne   bool // pieces are hashed one after the other

	// Blocks that wait until there are enough to hash side by side. Their leaves
	// are consecutive, from leaf queueFrom of the batch on.
	leafQueue [][]byte
	queueFrom int
}

// A piece is the work on one piece.
type piece struct {
	v         *swarm.Verdict
	offset    int64      // of the piece in the torrent
	length    int        // of the piece, or up to the end of the section, in bytes
	covered   int        // bytes of the piece that leaves cover; the rest is pad
	firstLeaf int        // index in the leaves of the batch
	leaves    [][32]byte // set as the blocks are hashed
	padDirty  bool       // the pad in the last block has bytes that are not zero
	next      int        // the next block to load
	run       [][]byte   // blocks that are loaded and not yet hashed
	runSpace  [][]byte   // memory for run
	buf       *[]byte    // the memory behind run, if it was read
	pending   *read      // of the next run; nil for none
	err       error
}

// Get returns a Hasher from the pool. The caller must Release it.
func Get() *Hasher { return hashers.Get().(*Hasher) }

// Hash hashes a batch of pieces or sections of a torrent with geometry g. v1 and v2 say
// which versions the torrent is for. Hash does not change the batch. If it has to read,
// it starts one goroutine, which ends before it returns.
func (h *Hasher) Hash(g swarm.Geometry, v1, v2 bool, batch []swarm.Verdict) {
	h.g, h.v1, h.v2 = g, v1, v2
	h.prepare(batch)
	defer h.endReads()
	together := h.chooseOrder()
	h.oneByOne = !h.v1 || !together
	for range leavesAtOnce {
		h.startNextPiece()
		if h.oneByOne {
			break
		}
	}
	switch {
	case !h.v1:
		done := 0
		for n := range h.pieces {
			for h.nextRun(&h.pieces[n]) {
			}
			for ; len(h.leafQueue) == 0 && done <= n; done++ {
				h.releaseRun(&h.pieces[done])
			}
		}
	case together:
		h.base = 0
		piecehash.Sum1Sections(h.sections, h.pull)
	default:
		for h.base = range h.pieces {
			piecehash.Sum1Sections(h.sections[h.base:h.base+1], h.pull)
		}
	}
	h.hashLeaves()
}

// A Result is the outcome for one piece of a batch. It is valid until Release.
type Result struct {
	Err      error      // the piece was not hashed
	Sum      [20]byte   // v1 hash
	Leaves   [][32]byte // v2 leaves
	PadDirty bool       // the pad behind the last leaf has bytes that are not zero
	State    any        // for the next section; nil if the piece is finished
}

// Result returns the outcome for the nth piece of the batch.
func (h *Hasher) Result(n int) Result {
	p := &h.pieces[n]
	r := Result{Err: p.err, Sum: h.sections[n].Sum, Leaves: p.leaves, PadDirty: p.padDirty}
	if p.err == nil && h.hasMore(p.v) {
		r.State = h.stateOf(n)
	}
	return r
}

// prepare sets up the work on a batch.
func (h *Hasher) prepare(batch []swarm.Verdict) {
	h.sections = grow(h.sections, len(batch))
	h.pieces = grow(h.pieces, len(batch))
	h.started = 0
	total := 0
	for n := range batch {
		v := &batch[n]
		p := &h.pieces[n]
		*p = piece{v: v, runSpace: p.runSpace, err: h.check(v), next: v.From}
		h.sections[n] = piecehash.Section1{}
		if p.err != nil {
			continue
		}
		p.offset = int64(v.Piece) * h.g.PieceLength
		p.length = h.g.PieceLen(v.Piece)
		p.covered = p.length
		if h.hasMore(v) {
			p.length = (v.From + len(v.Blocks)) * swarm.BlockLen
			h.sections[n].More = true
		}
		if before, ok := v.State.(*sectionState); ok {
			h.sections[n].State = before.v1
		}
		if h.v2 {
			p.covered = Covered(h.g, v.Piece)
			total += int(piecehash.LeavesOf(int64(p.covered)))
		}
	}
	if !h.v2 {
		return
	}
	h.leaves = grow(h.leaves, total)
	free := h.leaves
	for n := range h.pieces {
		p := &h.pieces[n]
		if p.err == nil {
			leaves := int(piecehash.LeavesOf(int64(p.covered)))
			p.firstLeaf = total - len(free)
			p.leaves, free = free[:leaves:leaves], free[leaves:]
			if before, ok := p.v.State.(*sectionState); ok {
				copy(p.leaves, before.leaves)
				p.padDirty = before.padDirty
			}
		}
	}
}

// check returns an error if a verdict contradicts itself or the geometry.
func (h *Hasher) check(v *swarm.Verdict) error {
	if v.Piece < 0 || v.Piece >= h.g.Pieces() {
		return errNoPiece
	}
	before, _ := v.State.(*sectionState)
	switch n := h.g.BlockCount(v.Piece); {
	case v.From == 0 && v.State != nil, v.From != 0 && (before == nil || before.blocks != v.From):
		return errState
	case v.Blocks == nil && v.From == 0:
		return nil // the whole piece is read
	case v.From < 0 || v.From+len(v.Blocks) > n || len(v.Blocks) == 0:
		return fmt.Errorf("it has %d blocks from block %d on, in a piece of %d", len(v.Blocks), v.From, n)
	}
	for n, b := range v.Blocks {
		n += v.From
		want := h.g.Block(v.Piece, n).Length
		if b != nil && len(b) != want {
			return fmt.Errorf("block %d has %d bytes, want %d", n, len(b), want)
		}
	}
	return nil
}

// Release returns a Hasher to the pool, without any pointer into the batch.
func (h *Hasher) Release() {
	clear(h.leafQueue[:cap(h.leafQueue)])
	h.leafQueue = h.leafQueue[:0]
	for n := range h.pieces {
		h.releaseRun(&h.pieces[n])
		h.pieces[n] = piece{runSpace: h.pieces[n].runSpace}
	}
	h.g = swarm.Geometry{}
	hashers.Put(h)
}

// grow returns a slice of n elements. It is s if that is large enough.
func grow[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n)
	}
	return s[:n]
}
