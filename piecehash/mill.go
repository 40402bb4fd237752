package piecehash

import (
	"encoding"
	"encoding/binary"
	"sync"
)

// callBlocks is the most blocks of each lane that are hashed in one call: the
// scheduler cannot interrupt assembly, and 16 KiB of 16 lanes take some 50 µs.
const callBlocks = 256

// A mill hashes one batch in lanes. The lanes in use are always the first ones,
// so that kernels of fewer lanes can take over near the end of a batch.
type mill struct {
	state words
	at    [lanes]*byte
	lane  [lanes]lane
	used  int
	most  int // lanes to use
	alg   *algorithm
	by    *choice
	last  *kernel // that was used

	// The batch is lists of blocks, or single blocks, or what next returns.
	pieces  int
	started int
	lists   [][][]byte
	blocks  [][]byte
	next    func(piece int) []byte
	one     [][20]byte // where hashes go: one of these
	two     [][32]byte
	parts   []Part1

	marshaled [128]byte
}

var mills = sync.Pool{New: func() any { return new(mill) }}

// newMill returns a mill from the pool if a batch of messages is hashed faster
// in lanes, else nil.
func (a *algorithm) newMill(messages int) *mill {
	if messages < 2 {
		return nil
	}
	by := a.best()
	most := by.lanes(messages)
	if most == 0 {
		return nil
	}
	m := mills.Get().(*mill)
	m.alg, m.by, m.most, m.pieces = a, by, most, messages
	return m
}

// release puts a mill back, without anything of its batch.
func (m *mill) release() {
	for n := range m.lane[:] {
		m.lane[n].run, m.lane[n].rest, m.lane[n].open = nil, nil, false
	}
	m.at = [lanes]*byte{}
	m.used, m.started = 0, 0
	m.alg, m.by, m.last, m.lists, m.blocks, m.next, m.one, m.two, m.parts = nil, nil, nil, nil, nil, nil, nil, nil, nil
	mills.Put(m)
}

// run hashes the batch.
func (m *mill) run() {
	for m.used < m.most && m.start(m.used) {
		m.used++
	}
	for m.used > 0 {
		k := m.by.by[m.used]
		if k == nil && m.alone() {
			continue
		}
		if k == nil {
			k = m.last // faster or not, it takes up padding
		}
		m.step(k)
		m.last = k
	}
}

// start puts the next piece of the batch, if there is one, into lane n.
func (m *mill) start(n int) bool {
	if m.started == m.pieces {
		return false
	}
	l := &m.lane[n]
	l.piece, l.hashed = m.started, 0
	l.held, l.whole, l.ended = 0, 0, false
	l.run, l.rest = nil, nil
	switch {
	case m.lists != nil:
		l.rest = m.lists[l.piece]
	case m.blocks != nil:
		l.run = m.blocks[l.piece]
	}
	for w, x := range m.alg.init {
		m.state[w][n] = x
	}
	l.open = false
	if m.parts != nil {
		l.open = m.parts[l.piece].More
		m.resume(n, &m.parts[l.piece].State)
	}
	m.started++
	return true
}

// pull gets the next run of a lane. It reports false if there is none.
func (m *mill) pull(l *lane) bool {
	if m.next != nil {
		l.run = m.next(l.piece)
		return len(l.run) > 0
	}
	for len(l.rest) > 0 {
		l.run, l.rest = l.rest[0], l.rest[1:]
		if len(l.run) > 0 {
			return true
		}
	}
	return false
}

// step hashes as many blocks of every lane as there are of each. Where a piece
// is through, the next one takes its lane.
func (m *mill) step(k *kernel) {
	blocks := callBlocks
	for n := 0; n < m.used; {
		l := &m.lane[n]
		if !l.ready(m) {
			m.emit(n)
			if !m.start(n) {
				m.used--
				m.move(n, m.used)
			}
			continue
		}
		var have int
		m.at[n], have = l.next()
		blocks = min(blocks, have)
		n++
	}
	if m.used == 0 {
		return
	}
	for n := m.used; n < k.width; n++ {
		m.at[n] = m.at[0] // what comes of it is of no interest
	}
	k.run((*[8][lanes]uint32)(&m.state), &m.at, blocks)
	for n := range m.used {
		m.lane[n].skip(blocks)
	}
}

// move moves a lane to another that is free.
func (m *mill) move(to, from int) {
	if to == from {
		return
	}
	m.lane[to] = m.lane[from]
	for w := range m.alg.init {
		m.state[w][to] = m.state[w][from]
	}
}

// target returns where the hash of a piece goes.
func (m *mill) target(piece int) []byte {
	switch {
	case m.one != nil:
		return m.one[piece][:]
	case m.parts != nil:
		return m.parts[piece].Sum[:]
	}
	return m.two[piece][:]
}

// emit writes the hash of the piece in lane n, which is through.
func (m *mill) emit(n int) {
	if l := &m.lane[n]; l.open {
		m.keep(n, &m.parts[l.piece].State)
		return
	}
	dst := m.target(m.lane[n].piece)
	for w := range m.alg.init {
		binary.BigEndian.PutUint32(dst[4*w:], m.state[w][n])
	}
}

// alone finishes lanes with the standard library, which is faster for what few
// lanes are left. Those whose padding is laid out are none of its business: it
// reports whether it found others.
func (m *mill) alone() bool {
	found := false
	for n := 0; n < m.used; {
		if m.lane[n].ended {
			n++
			continue
		}
		found = true
		m.finish(n)
		if !m.start(n) {
			m.used--
			m.move(n, m.used)
		}
	}
	return found
}

// finish hashes what is left of the piece in lane n with a hasher that goes on
// from the lane's state.
func (m *mill) finish(n int) {
	l := &m.lane[n]
	b := append(m.marshaled[:0], m.alg.magic...)
	for w := range m.alg.init {
		b = binary.BigEndian.AppendUint32(b, m.state[w][n])
	}
	b = b[:len(b)+blockLen] // room for bytes of a block that is not whole: there are none
	b = binary.BigEndian.AppendUint64(b, l.hashed)
	h := m.alg.hasher()
	defer m.alg.hashers.Put(h)
	if err := h.(encoding.BinaryUnmarshaler).UnmarshalBinary(b); err != nil {
		panic("piecehash: the standard library has another state: " + err.Error())
	}
	h.Write(l.run) // hold is empty between steps, but for padding
	for m.pull(l) {
		h.Write(l.run)
	}
	if l.open {
		m.hasherState(h.(encoding.BinaryAppender), &m.parts[l.piece].State)
		return
	}
	h.Sum(m.target(l.piece)[:0])
}
