package metainfo

import (
	"bytes"
	"sync"

	"github.com/shoal-bt/shoal/piecehash"
	"github.com/shoal-bt/shoal/swarm"
)

// Pieces of a batch are hashed side by side, so a run of each is in memory. Long
// runs keep the order on disk. Short ones keep the memory small, and what was read
// in the processor's cache until it is hashed; they have just enough blocks to hash
// these side by side.
const (
	longRun  = 1 << 20
	shortRun = 256 << 10
)

// diskRate is the rate, in bytes a second, above which it is taken that a storage
// does not have to seek: pages in memory and flash are faster, turning disks are
// slower.
const diskRate = 300e6

// leavesAtOnce is how many blocks are hashed side by side.
const leavesAtOnce = 16

var (
	zeros [swarm.BlockLen]byte // what pads are made of
	long  = sync.Pool{New: func() any { b := make([]byte, longRun); return &b }}
	short = sync.Pool{New: func() any { b := make([]byte, shortRun); return &b }}
)

// chooseOrder decides how a batch is read, and whether its pieces may be hashed side by
// side. Those that fit into a short run are read one after the other in any case.
// For longer ones side by side means to jump about, so it depends on the storage:
// the first run shows how fast that is.
func (s *batchHasher) chooseOrder() (together bool) {
	s.runLen = shortRun
	if s.g.PieceLength <= shortRun {
		return true
	}
	s.runLen = longRun
	s.measuring = true
	defer func() { s.measuring = false }()
	for n := range s.pieces {
		p := &s.pieces[n]
		if !s.nextRun(p) {
			continue
		}
		if p.buf == nil || s.rate > diskRate {
			s.runLen = shortRun
			return true
		}
		break
	}
	return s.g.PieceLength <= longRun // which a long run holds wholly
}

// nextBlock returns the nextBlock block of a piece, nil after the last or an error.
func (s *batchHasher) nextBlock(p *piece) []byte {
	if len(p.run) == 0 && !s.nextRun(p) {
		s.releaseRun(p)
		return nil
	}
	b := p.run[0]
	p.run = p.run[1:]
	return b
}

// nextRun takes up the next run of a piece, and its leaves. It reports false
// after the last run or an error; the last run may then still wait for its
// leaves to be hashed.
func (s *batchHasher) nextRun(p *piece) bool {
	if p.err != nil || p.next*swarm.BlockLen >= p.length {
		return false
	}
	s.releaseRun(p)
	first := p.next
	if p.err = s.loadRun(p); p.err != nil {
		s.releaseRun(p)
		return false
	}
	if !s.measuring {
		s.startRead(p)
		if p.next*swarm.BlockLen >= p.length {
			s.startNextPiece()
		}
	}
	if s.v2 {
		s.queueLeaves(p, first)
	}
	return true
}

// loadRun takes up the next blocks of p as one run: blocks in memory as they are,
// pads as zeros, others by reading.
func (s *batchHasher) loadRun(p *piece) error {
	blocks := (p.length + swarm.BlockLen - 1) / swarm.BlockLen
	first := p.next
	at := func(n int) []byte {
		if p.v.Blocks == nil {
			return nil
		}
		return p.v.Blocks[n-p.v.From]
	}
	if at(first) != nil {
		for p.next < blocks && at(p.next) != nil {
			p.next++
		}
		p.run = p.v.Blocks[first-p.v.From : p.next-p.v.From]
		return nil
	}
	if b := s.g.Block(p.v.Piece, first); s.g.IsPad(b) {
		p.next++
		p.run = append(p.runSpace[:0], zeros[:b.Length])
		p.runSpace = p.run
		return nil
	}
	return s.readRun(p)
}

// nextRead returns how many blocks of a piece are the next to be read in one call, and
// how many bytes these are.
func (s *batchHasher) nextRead(p *piece) (blocks, n int) {
	last := (p.length + swarm.BlockLen - 1) / swarm.BlockLen
	for k := p.next; k < last && n+swarm.BlockLen <= s.runLen; k++ {
		b := s.g.Block(p.v.Piece, k)
		if p.v.Blocks != nil && p.v.Blocks[k-p.v.From] != nil || s.g.IsPad(b) {
			break
		}
		n += b.Length
		blocks++
	}
	return blocks, n
}

// readRun makes a run of what comes next from the storage.
func (s *batchHasher) readRun(p *piece) error {
	if p.v.Stored == nil {
		return errNoStorage
	}
	s.startRead(p)
	buf, n, blocks, err := s.finishRead(p)
	p.buf = buf
	if err != nil {
		return err
	}
	p.next += blocks
	b := (*p.buf)[:n]
	p.runSpace = p.runSpace[:0]
	for ; len(b) > swarm.BlockLen; b = b[swarm.BlockLen:] {
		p.runSpace = append(p.runSpace, b[:swarm.BlockLen])
	}
	p.runSpace = append(p.runSpace, b)
	p.run = p.runSpace
	return nil
}

// runPool returns the runPool of buffers for runs of n bytes.
func runPool(n int) *sync.Pool {
	if n <= shortRun {
		return &short
	}
	return &long
}

// queueLeaves adds the blocks of the run, which starts with block first, to those
// whose leaves are to be hashed, but not the bytes behind the end of the file.
func (s *batchHasher) queueLeaves(p *piece, first int) {
	if first >= len(p.leaves) {
		return
	}
	if from := p.firstLeaf + first; len(s.leafQueue) == 0 || s.queueFrom+len(s.leafQueue) != from {
		s.hashLeaves()
		s.queueFrom = from
	}
	for n, b := range p.run[:min(len(p.run), len(p.leaves)-first)] {
		if data := p.covered - (first+n)*swarm.BlockLen; data < len(b) {
			pad := b[data:]
			p.padDirty = !bytes.Equal(pad, zeros[:len(pad)])
			b = b[:data]
		}
		s.leafQueue = append(s.leafQueue, b)
	}
	if len(s.leafQueue) >= leavesAtOnce {
		s.hashLeaves()
	}
}

// hashLeaves hashes the blocks that wait.
func (s *batchHasher) hashLeaves() {
	piecehash.Leaves(s.leaves[min(s.queueFrom, len(s.leaves)):], s.leafQueue)
	s.leafQueue = s.leafQueue[:0]
}

// releaseRun gives back the buffer of the last run.
func (s *batchHasher) releaseRun(p *piece) {
	if p.buf != nil {
		if len(s.leafQueue) > 0 {
			s.hashLeaves() // they may lie in it
		}
		runPool(len(*p.buf)).Put(p.buf)
		p.buf = nil
	}
	p.run = nil
}
