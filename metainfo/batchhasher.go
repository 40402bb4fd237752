package metainfo

import (
	"errors"
	"fmt"
	"sync"

	"github.com/shoal-bt/shoal/piecehash"
	"github.com/shoal-bt/shoal/swarm"
)

var hashers = sync.Pool{New: func() any {
	s := new(batchHasher)
	s.pull = func(n int) []byte { return s.nextBlock(&s.pieces[s.base+n]) }
	return s
}}

var (
	errNoStorage = errors.New("a block is nil and there is no storage to read it from")
	errNoPiece   = errors.New("there is no such piece")
	errState     = errors.New("the state is not that of the blocks before")
)

// A batchHasher hashes batches of pieces, v1 and v2 in one pass over the bytes. It
// is kept from batch to batch for its memory.
type batchHasher struct {
	info     *Info
	g        swarm.Geometry
	v1, v2   bool
	runLen   int                // bytes that are read in one call, at most
	rate     float64            // of the last reading, in bytes a second
	pull     func(n int) []byte // next, of the piece base+n of the batch
	base     int
	pieces   []piece
	sections []piecehash.Section1 // v1 hashes, one for each piece
	leaves   [][32]byte           // v2 leaves of all pieces, one after the other

	// What is read ahead.
	reads      chan *read // nil while nothing was to be read
	readerDone chan struct{}
	spareReads []*read
	started    int  // pieces of which the first run was fetched, or is about to be
	measuring  bool // the first run is read, to see how fast that is
	oneByOne   bool // pieces are taken up one after the other

	// Blocks that wait until enough of them are there to be hashed side by
	// side. Their leaves follow each other, from leaf first on.
	leafQueue [][]byte
	queueFrom int
}

// A piece is the work on one piece.
type piece struct {
	v         *swarm.Verdict
	offset    int64      // of the piece in the torrent
	length    int        // of the piece, or of its blocks that are here, in bytes
	covered   int        // bytes of it that leaves cover; the rest is pad
	firstLeaf int        // of its leaves in those of the batch
	leaves    [][32]byte // filled in as the bytes go by
	padDirty  bool       // bytes of a pad that came with the last block are not zero
	next      int        // the next block to take up
	run       [][]byte   // blocks taken up and not yet handed out
	runSpace  [][]byte   // memory for run
	buf       *[]byte    // what run lies in, if it was read
	pending   *read      // of the next run; nil for none
	err       error
}

// sum hashes a batch. Results are in s.one and in s.pieces.
func (s *batchHasher) sum(info *Info, batch []swarm.Verdict) {
	s.info, s.g = info, info.Geometry()
	s.v1, s.v2 = info.HasV1(), info.HasV2()
	s.prepare(batch)
	defer s.endReads()
	together := s.chooseOrder()
	s.oneByOne = !s.v1 || !together
	for range leavesAtOnce {
		if s.startNextPiece(); s.oneByOne {
			break
		}
	}
	switch {
	case !s.v1:
		done := 0
		for n := range s.pieces {
			for s.nextRun(&s.pieces[n]) {
			}
			for ; len(s.leafQueue) == 0 && done <= n; done++ {
				s.releaseRun(&s.pieces[done])
			}
		}
	case together:
		s.base = 0
		piecehash.Sum1Sections(s.sections, s.pull)
	default:
		for s.base = range s.pieces {
			piecehash.Sum1Sections(s.sections[s.base:s.base+1], s.pull)
		}
	}
	s.hashLeaves()
}

// prepare lays out the work on a batch.
func (s *batchHasher) prepare(batch []swarm.Verdict) {
	s.sections = grow(s.sections, len(batch))
	s.pieces = grow(s.pieces, len(batch))
	s.started = 0
	total := 0
	for n := range batch {
		v := &batch[n]
		p := &s.pieces[n]
		*p = piece{v: v, runSpace: p.runSpace, err: s.check(v), next: v.From}
		s.sections[n] = piecehash.Section1{}
		if p.err != nil {
			continue
		}
		p.offset = int64(v.Piece) * s.g.PieceLength
		p.length = s.g.PieceLen(v.Piece)
		p.covered = p.length
		if s.hasMore(v) {
			p.length = (v.From + len(v.Blocks)) * swarm.BlockLen
			s.sections[n].More = true
		}
		if before, ok := v.State.(*sectionState); ok {
			s.sections[n].State = before.one
		}
		if s.v2 {
			leaves, cover := s.info.leafCount(v.Piece)
			p.covered = int(cover)
			total += leaves
		}
	}
	if !s.v2 {
		return
	}
	s.leaves = grow(s.leaves, total)
	rest := s.leaves
	for n := range s.pieces {
		p := &s.pieces[n]
		if p.err == nil {
			leaves := int(piecehash.LeavesOf(int64(p.covered)))
			p.firstLeaf = total - len(rest)
			p.leaves, rest = rest[:leaves:leaves], rest[leaves:]
			if before, ok := p.v.State.(*sectionState); ok {
				copy(p.leaves, before.leaves)
				p.padDirty = before.dirty
			}
		}
	}
}

// check says why a verdict cannot be worked on.
func (s *batchHasher) check(v *swarm.Verdict) error {
	if v.Piece < 0 || v.Piece >= s.g.Pieces() {
		return errNoPiece
	}
	before, _ := v.State.(*sectionState)
	switch n := s.g.BlockCount(v.Piece); {
	case v.From == 0 && v.State != nil, v.From != 0 && (before == nil || before.blocks != v.From):
		return errState
	case v.Blocks == nil && v.From == 0:
		return nil // all of it is read
	case v.From < 0 || v.From+len(v.Blocks) > n || len(v.Blocks) == 0:
		return fmt.Errorf("%d blocks from block %d on, in a piece of %d", len(v.Blocks), v.From, n)
	}
	for n, b := range v.Blocks {
		n += v.From
		if want := s.g.Block(v.Piece, n).Length; b != nil && len(b) != want {
			return fmt.Errorf("block %d has %d bytes, want %d", n, len(b), want)
		}
	}
	return nil
}

// release lets go of what belongs to callers.
func (s *batchHasher) release() {
	clear(s.leafQueue[:cap(s.leafQueue)])
	s.leafQueue = s.leafQueue[:0]
	for n := range s.pieces {
		s.releaseRun(&s.pieces[n])
		s.pieces[n] = piece{runSpace: s.pieces[n].runSpace}
	}
	s.info, s.g = nil, swarm.Geometry{}
	hashers.Put(s)
}

// grow returns a slice of n elements, s if it is large enough.
func grow[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n)
	}
	return s[:n]
}
