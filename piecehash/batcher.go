package piecehash

import (
	"encoding"
	"encoding/binary"
	"sync"
)

// callBlocks is the largest number of blocks of each lane that one call hashes. The
// scheduler cannot interrupt assembly, and 16 KiB in each of 16 lanes take about 50 µs.
const callBlocks = 256

// A batcher hashes one batch in lanes. The lanes in use are always the first ones,
// so that kernels of fewer lanes can take over near the end of a batch.
type batcher struct {
	state      words
	at         [lanes]*byte // the next block of each lane
	lane       [lanes]lane
	used       int // lanes in use
	maxLanes   int // lanes that may be in use
	alg        *algorithm
	choice     *choice
	lastKernel *kernel

	// The batch: one of lists, blocks and next.
	pieces  int
	started int
	lists   [][][]byte
	blocks  [][]byte
	next    func(piece int) []byte

	// Where the hashes go: one of these.
	sums1    [][20]byte
	sums256  [][32]byte
	sections []Section1

	marshaled [128]byte // memory for a state of the standard library
}

var batchers = sync.Pool{New: func() any { return new(batcher) }}

// newBatcher returns a batcher from the pool if lanes are the fastest way to hash that
// many messages, else nil.
func (a *algorithm) newBatcher(messages int) *batcher {
	if messages < 2 {
		return nil
	}
	choice := a.best()
	width := choice.lanes(messages)
	if width == 0 {
		return nil
	}
	b := batchers.Get().(*batcher)
	b.alg, b.choice, b.maxLanes, b.pieces = a, choice, width, messages
	return b
}

// release returns a batcher to the pool, without any pointer into its batch.
func (b *batcher) release() {
	for n := range b.lane[:] {
		b.lane[n].run, b.lane[n].pending, b.lane[n].more = nil, nil, false
	}
	b.at = [lanes]*byte{}
	b.used, b.started = 0, 0
	b.alg, b.choice, b.lastKernel = nil, nil, nil
	b.lists, b.blocks, b.next = nil, nil, nil
	b.sums1, b.sums256, b.sections = nil, nil, nil
	batchers.Put(b)
}

// run hashes the batch.
func (b *batcher) run() {
	for b.used < b.maxLanes && b.startPiece(b.used) {
		b.used++
	}
	for b.used > 0 {
		k := b.choice.kernels[b.used]
		if k == nil && b.finishLanes() {
			continue
		}
		if k == nil {
			k = b.lastKernel // only padding is left, which the standard library cannot take
		}
		b.hashBlocks(k)
		b.lastKernel = k
	}
}

// startPiece puts the next piece of the batch into lane n. It reports false if there
// is none.
func (b *batcher) startPiece(n int) bool {
	if b.started == b.pieces {
		return false
	}
	l := &b.lane[n]
	l.piece, l.hashed = b.started, 0
	l.buffered, l.bufBlocks, l.padded = 0, 0, false
	l.run, l.pending = nil, nil
	switch {
	case b.lists != nil:
		l.pending = b.lists[l.piece]
	case b.blocks != nil:
		l.run = b.blocks[l.piece]
	}
	for w, x := range b.alg.init {
		b.state[w][n] = x
	}
	l.more = false
	if b.sections != nil {
		l.more = b.sections[l.piece].More
		b.loadState(n, &b.sections[l.piece].State)
	}
	b.started++
	return true
}

// nextRun gets the next run of a lane. It reports false if there is none.
func (b *batcher) nextRun(l *lane) bool {
	if b.next != nil {
		l.run = b.next(l.piece)
		return len(l.run) > 0
	}
	for len(l.pending) > 0 {
		l.run, l.pending = l.pending[0], l.pending[1:]
		if len(l.run) > 0 {
			return true
		}
	}
	return false
}

// hashBlocks hashes the same number of blocks of the first lanes, as many as each of
// them has ready. When a piece is finished, the next one takes its lane. If more lanes
// are in use than k has, the others wait.
func (b *batcher) hashBlocks(k *kernel) {
	blocks := callBlocks
	for n := 0; n < min(k.width, b.used); {
		l := &b.lane[n]
		if !l.ready(b) {
			b.writeHash(n)
			if !b.startPiece(n) {
				b.used--
				b.move(n, b.used)
			}
			continue
		}
		var have int
		b.at[n], have = l.next()
		blocks = min(blocks, have)
		n++
	}
	if b.used == 0 {
		return
	}
	for n := b.used; n < k.width; n++ {
		b.at[n] = b.at[0] // the kernel needs an address, and nobody reads the result
	}
	k.run((*[8][lanes]uint32)(&b.state), &b.at, blocks)
	for n := range min(k.width, b.used) {
		b.lane[n].skip(blocks)
	}
}

// move moves a piece from one lane to another, which is free.
func (b *batcher) move(to, from int) {
	if to == from {
		return
	}
	b.lane[to] = b.lane[from]
	for w := range b.alg.init {
		b.state[w][to] = b.state[w][from]
	}
}

// target returns where the hash of a piece goes.
func (b *batcher) target(piece int) []byte {
	switch {
	case b.sums1 != nil:
		return b.sums1[piece][:]
	case b.sections != nil:
		return b.sections[piece].Sum[:]
	}
	return b.sums256[piece][:]
}

// writeHash writes the hash of the finished piece in lane n, or its state if more of
// it comes later.
func (b *batcher) writeHash(n int) {
	l := &b.lane[n]
	if l.more {
		b.saveState(n, &b.sections[l.piece].State)
		return
	}
	dst := b.target(l.piece)
	for w := range b.alg.init {
		binary.BigEndian.PutUint32(dst[4*w:], b.state[w][n])
	}
}

// finishLanes finishes pieces with the standard library, which is faster for the few
// lanes that are left. It skips lanes whose padding is already in their buffer, and
// reports whether it found any other.
func (b *batcher) finishLanes() bool {
	found := false
	for n := 0; n < b.used; {
		if b.lane[n].padded {
			n++
			continue
		}
		found = true
		b.finishLane(n)
		if !b.startPiece(n) {
			b.used--
			b.move(n, b.used)
		}
	}
	return found
}

// finishLane hashes the rest of the piece in lane n with a hasher of the standard
// library, which continues from the lane's state.
func (b *batcher) finishLane(n int) {
	l := &b.lane[n]
	state := append(b.marshaled[:0], b.alg.magic...)
	for w := range b.alg.init {
		state = binary.BigEndian.AppendUint32(state, b.state[w][n])
	}
	state = state[:len(state)+blockLen] // room for the bytes of an incomplete block: there are none
	state = binary.BigEndian.AppendUint64(state, l.hashed)
	h := b.alg.hasher()
	defer b.alg.hashers.Put(h)
	if err := h.(encoding.BinaryUnmarshaler).UnmarshalBinary(state); err != nil {
		panic("piecehash: the standard library has changed its hash state: " + err.Error())
	}
	h.Write(l.run) // the buffer is empty between calls of hashBlocks, except for padding
	for b.nextRun(l) {
		h.Write(l.run)
	}
	if l.more {
		b.saveHasherState(h.(encoding.BinaryAppender), &b.sections[l.piece].State)
		return
	}
	h.Sum(b.target(l.piece)[:0])
}
