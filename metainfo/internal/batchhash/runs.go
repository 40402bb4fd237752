package batchhash

import (
	"bytes"
	"sync"

	"github.com/shoal-bt/shoal/piecehash"
	"github.com/shoal-bt/shoal/swarm"
)

// Lengths of runs, in bytes. Pieces of a batch are hashed side by side, so a run of each
// is in memory. Long runs suit a storage that has to seek. Short ones take less memory
// and stay in the processor's cache until they are hashed. They have just enough blocks
// to hash these side by side.
const (
	longRun  = 1 << 20
	shortRun = 256 << 10
)

// diskRate is a rate in bytes a second. A storage that is faster is taken not to seek:
// cached pages and flash are faster, hard disks are slower.
const diskRate = 300e6

// leavesAtOnce is how many blocks are hashed side by side.
const leavesAtOnce = 16

var (
	zeros [swarm.BlockLen]byte // the bytes of pads
	long  = sync.Pool{New: func() any { b := make([]byte, longRun); return &b }}
	short = sync.Pool{New: func() any { b := make([]byte, shortRun); return &b }}
)

// chooseOrder chooses the length of runs, and whether pieces are hashed side by side.
// Pieces that fit into a short run are read in order anyway. Hashing longer ones side by
// side means reading them in turns, which is slow if the storage has to seek. So it
// reads the first run and measures how long that takes.
func (h *Hasher) chooseOrder() (together bool) {
	h.runLen = shortRun
	if h.g.PieceLength <= shortRun {
		return true
	}
	h.runLen = longRun
	h.measuring = true
	defer func() { h.measuring = false }()
	for n := range h.pieces {
		p := &h.pieces[n]
		if !h.nextRun(p) {
			continue
		}
		if p.buf == nil || h.rate > diskRate {
			h.runLen = shortRun
			return true
		}
		break
	}
	return h.g.PieceLength <= longRun // then each is one long run
}

// nextBlock returns the next block of a piece, or nil after the last or an error.
func (h *Hasher) nextBlock(p *piece) []byte {
	if len(p.run) == 0 && !h.nextRun(p) {
		h.releaseRun(p)
		return nil
	}
	b := p.run[0]
	p.run = p.run[1:]
	return b
}

// nextRun loads the next run of a piece and queues its leaves. It reports false after
// the last run or an error; the leaves of the last run may then still be queued.
func (h *Hasher) nextRun(p *piece) bool {
	if p.err != nil || p.next*swarm.BlockLen >= p.length {
		return false
	}
	h.releaseRun(p)
	first := p.next
	p.err = h.loadRun(p)
	if p.err != nil {
		h.releaseRun(p)
		return false
	}
	if !h.measuring {
		h.startRead(p)
		if p.next*swarm.BlockLen >= p.length {
			h.startNextPiece()
		}
	}
	if h.v2 {
		h.queueLeaves(p, first)
	}
	return true
}

// loadRun makes a run of the next blocks of p, which are all in memory, all pad, or all
// to be read.
func (h *Hasher) loadRun(p *piece) error {
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
	b := h.g.Block(p.v.Piece, first)
	if h.g.IsPad(b) {
		p.next++
		p.run = append(p.runSpace[:0], zeros[:b.Length])
		p.runSpace = p.run
		return nil
	}
	return h.readRun(p)
}

// nextRead returns how many blocks of a piece the next call can read, and how many bytes
// these have.
func (h *Hasher) nextRead(p *piece) (blocks, n int) {
	last := (p.length + swarm.BlockLen - 1) / swarm.BlockLen
	for k := p.next; k < last && n+swarm.BlockLen <= h.runLen; k++ {
		b := h.g.Block(p.v.Piece, k)
		inMemory := p.v.Blocks != nil && p.v.Blocks[k-p.v.From] != nil
		if inMemory || h.g.IsPad(b) {
			break
		}
		n += b.Length
		blocks++
	}
	return blocks, n
}

// readRun makes a run of the next blocks by reading them from the storage.
func (h *Hasher) readRun(p *piece) error {
	if p.v.Stored == nil {
		return errNoStorage
	}
	h.startRead(p)
	buf, n, blocks, err := h.finishRead(p)
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

// runPool returns the pool of buffers for runs of n bytes.
func runPool(n int) *sync.Pool {
	if n <= shortRun {
		return &short
	}
	return &long
}

// queueLeaves queues the blocks of the run, which starts with block first, without the
// bytes behind the end of the file. It hashes the queue once that is long enough.
func (h *Hasher) queueLeaves(p *piece, first int) {
	if first >= len(p.leaves) {
		return
	}
	from := p.firstLeaf + first
	if len(h.leafQueue) == 0 || h.queueFrom+len(h.leafQueue) != from {
		h.hashLeaves()
		h.queueFrom = from
	}
	for n, b := range p.run[:min(len(p.run), len(p.leaves)-first)] {
		data := p.covered - (first+n)*swarm.BlockLen
		if data < len(b) {
			pad := b[data:]
			p.padDirty = !bytes.Equal(pad, zeros[:len(pad)])
			b = b[:data]
		}
		h.leafQueue = append(h.leafQueue, b)
	}
	if len(h.leafQueue) >= leavesAtOnce {
		h.hashLeaves()
	}
}

// hashLeaves hashes the queued blocks.
func (h *Hasher) hashLeaves() {
	piecehash.Leaves(h.leaves[min(h.queueFrom, len(h.leaves)):], h.leafQueue)
	h.leafQueue = h.leafQueue[:0]
}

// releaseRun returns the buffer of the last run to its pool.
func (h *Hasher) releaseRun(p *piece) {
	if p.buf != nil {
		if len(h.leafQueue) > 0 {
			h.hashLeaves() // queued blocks may be in the buffer
		}
		runPool(len(*p.buf)).Put(p.buf)
		p.buf = nil
	}
	p.run = nil
}
