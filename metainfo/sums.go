package metainfo

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/shoal-bt/shoal/piecehash"
	"github.com/shoal-bt/shoal/swarm"
)

// runLen is the number of bytes that are read from a storage in one call.
const runLen = 1 << 20

var (
	zeros   [swarm.BlockLen]byte // what pads are made of
	buffers = sync.Pool{New: func() any { return new([runLen]byte) }}
	sums    = sync.Pool{New: func() any { return new(summer) }}
)

var (
	errNoStorage = errors.New("a block is nil and there is no storage to read it from")
	errNoPiece   = errors.New("there is no such piece")
)

// A summer hashes batches of pieces, v1 and v2 in one pass over the bytes. It
// is kept from batch to batch for its memory.
type summer struct {
	info   *Info
	g      swarm.Geometry
	v1, v2 bool
	pieces []pieceSum
	one    [][20]byte // v1 hashes, one for each piece
	leaves [][32]byte // v2 leaves of all pieces, one after the other
}

// A pieceSum is the work on one piece.
type pieceSum struct {
	v      *swarm.Verdict
	offset int64         // of the piece in the torrent
	length int           // of the piece, in bytes
	cover  int           // bytes of it that leaves cover; the rest is pad
	leaves [][32]byte    // filled in as the bytes go by
	dirty  bool          // bytes of a pad that came with the last block are not zero
	block  int           // the next block to take up
	run    [][]byte      // blocks taken up and not yet handed out
	store  [][]byte      // memory for run
	buf    *[runLen]byte // what run lies in, if it was read
	err    error
}

// sum hashes a batch. Results are in s.one and in s.pieces.
func (s *summer) sum(info *Info, batch []swarm.Verdict) {
	s.info, s.g = info, info.Geometry()
	s.v1, s.v2 = info.HasV1(), info.HasV2()
	s.prepare(batch)
	next := func(n int) []byte { return s.next(&s.pieces[n]) }
	if s.v1 {
		piecehash.Sum1Func(s.one, next)
		return
	}
	for n := range s.pieces {
		for len(next(n)) > 0 {
		}
	}
}

// prepare lays out the work on a batch.
func (s *summer) prepare(batch []swarm.Verdict) {
	s.one = grow(s.one, len(batch))
	s.pieces = grow(s.pieces, len(batch))
	total := 0
	for n := range batch {
		v := &batch[n]
		p := &s.pieces[n]
		*p = pieceSum{v: v, store: p.store, err: s.complaint(v)}
		if p.err != nil {
			continue
		}
		p.offset = int64(v.Piece) * s.g.PieceLength
		p.length = s.g.PieceLen(v.Piece)
		p.cover = p.length
		if s.v2 {
			leaves, cover := s.info.leafCount(v.Piece)
			p.cover = int(cover)
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
			leaves := int(piecehash.LeavesOf(int64(p.cover)))
			p.leaves, rest = rest[:leaves:leaves], rest[leaves:]
		}
	}
}

// complaint says why a verdict cannot be worked on.
func (s *summer) complaint(v *swarm.Verdict) error {
	if v.Piece < 0 || v.Piece >= s.g.Pieces() {
		return errNoPiece
	}
	if v.Blocks == nil {
		return nil // all of it is read
	}
	if n := s.g.BlockCount(v.Piece); len(v.Blocks) != n {
		return fmt.Errorf("%d blocks, want %d", len(v.Blocks), n)
	}
	for n, b := range v.Blocks {
		if want := s.g.Block(v.Piece, n).Length; b != nil && len(b) != want {
			return fmt.Errorf("block %d has %d bytes, want %d", n, len(b), want)
		}
	}
	return nil
}

// release lets go of what belongs to callers.
func (s *summer) release() {
	for n := range s.pieces {
		s.pieces[n].drop()
		s.pieces[n] = pieceSum{store: s.pieces[n].store}
	}
	s.info, s.g = nil, swarm.Geometry{}
	sums.Put(s)
}

// next returns the next block of a piece, nil after the last or an error.
func (s *summer) next(p *pieceSum) []byte {
	if len(p.run) == 0 {
		p.drop()
		if p.err != nil || p.block*swarm.BlockLen >= p.length {
			return nil
		}
		first := p.block
		if p.err = s.take(p); p.err != nil {
			p.drop()
			return nil
		}
		if s.v2 {
			p.hashLeaves(first)
		}
	}
	b := p.run[0]
	p.run = p.run[1:]
	return b
}

// take takes up the next blocks of p as one run: blocks in memory as they are,
// pads as zeros, others by reading.
func (s *summer) take(p *pieceSum) error {
	blocks := (p.length + swarm.BlockLen - 1) / swarm.BlockLen
	first := p.block
	at := func(n int) []byte {
		if p.v.Blocks == nil {
			return nil
		}
		return p.v.Blocks[n]
	}
	if at(first) != nil {
		for p.block < blocks && at(p.block) != nil {
			p.block++
		}
		p.run = p.v.Blocks[first:p.block]
		return nil
	}
	if b := s.g.Block(p.v.Piece, first); s.g.IsPad(b) {
		p.block++
		p.run = append(p.store[:0], zeros[:b.Length])
		p.store = p.run
		return nil
	}
	n := 0
	for p.block < blocks && at(p.block) == nil && n+swarm.BlockLen <= runLen {
		b := s.g.Block(p.v.Piece, p.block)
		if s.g.IsPad(b) {
			break
		}
		n += b.Length
		p.block++
	}
	return p.read(first, n)
}

// read makes a run of n bytes from the storage, from the first block on.
func (p *pieceSum) read(first, n int) error {
	if p.v.Stored == nil {
		return errNoStorage
	}
	p.buf = buffers.Get().(*[runLen]byte)
	b := p.buf[:n]
	if m, err := p.v.Stored.ReadAt(b, p.offset+int64(first)*swarm.BlockLen); m < n {
		if err == nil || err == io.EOF {
			err = io.ErrUnexpectedEOF
		}
		return err
	}
	p.store = p.store[:0]
	for ; len(b) > swarm.BlockLen; b = b[swarm.BlockLen:] {
		p.store = append(p.store, b[:swarm.BlockLen])
	}
	p.store = append(p.store, b)
	p.run = p.store
	return nil
}

// hashLeaves hashes each block of the run, which starts with block first, but
// not the bytes behind the end of the file.
func (p *pieceSum) hashLeaves(first int) {
	whole := min(len(p.run), max(0, p.cover/swarm.BlockLen-first))
	piecehash.Leaves(p.leaves[min(first, len(p.leaves)):], p.run[:whole])
	if last := first + whole; whole < len(p.run) && last < len(p.leaves) {
		data := p.cover - last*swarm.BlockLen
		tail := [1][]byte{p.run[whole][:data]}
		piecehash.Leaves(p.leaves[last:], tail[:])
		pad := p.run[whole][data:]
		p.dirty = !bytes.Equal(pad, zeros[:len(pad)])
	}
}

// drop gives back the buffer of the last run.
func (p *pieceSum) drop() {
	if p.buf != nil {
		buffers.Put(p.buf)
		p.buf = nil
	}
	p.run = nil
}

// grow returns a slice of n elements, s if it is large enough.
func grow[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n)
	}
	return s[:n]
}
