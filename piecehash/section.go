package piecehash

import (
	"encoding"
	"encoding/binary"
)

// A State1 stands for the first bytes of a message whose SHA-1 is wanted, so that
// the rest can be hashed when it comes. The zero value is that of no bytes. States
// are copied freely, and mean something in this process only.
type State1 struct {
	words [5]uint32
	bytes uint64 // hashed so far, a multiple of 64
}

// A Section1 is what follows State in a message: all the rest of it, or, if More is
// set, a multiple of 64 bytes, to which others will come.
type Section1 struct {
	State State1   // of the bytes before; if More is set it is moved on
	More  bool     // the message goes on after this part
	Sum   [20]byte // of the whole message; left alone if More is set
}

// Sum1Sections hashes parts of several messages side by side. next returns the bytes
// of part i that follow those of the call before, and an empty slice after the last.
// What it returned must stay as it is until the next call for the same part, or until
// Sum1Sections returns. Calls for several parts may come in any order, but never overlap.
// At most 16 parts are under way at a time, so runs of 256 KiB take 4 MiB of memory
// however long the parts are. It panics if a part with More has a length that is no
// multiple of 64.
func Sum1Sections(sections []Section1, next func(i int) []byte) {
	if b := alg1.newBatcher(len(sections)); b != nil {
		b.next, b.sections = next, sections
		b.run()
		b.release()
		return
	}
	b := batchers.Get().(*batcher)
	b.alg, b.next, b.sections, b.pieces = &alg1, next, sections, len(sections)
	for b.startPiece(0) {
		b.finishLane(0)
	}
	b.release()
}

// loadState sets lane n to where a state of SHA-1 is.
func (b *batcher) loadState(n int, s *State1) {
	if s.bytes == 0 {
		return
	}
	for w, x := range s.words {
		b.state[w][n] = x
	}
	b.lane[n].hashed = s.bytes
}

// saveState writes the state of lane n, whose part is through.
func (b *batcher) saveState(n int, s *State1) {
	l := &b.lane[n]
	if l.buffered > 0 {
		panic(errPartialBlock)
	}
	for w := range s.words {
		s.words[w] = b.state[w][n]
	}
	s.bytes = l.hashed
}

const errPartialBlock = "piecehash: a part that is not the last has no multiple of 64 bytes"

// marshaledLen is the length of a state as the standard library marshals it: for
// both algorithms magic, words, a block and the number of bytes.
func (a *algorithm) marshaledLen() int { return len(a.magic) + 4*len(a.init) + blockLen + 8 }

// saveHasherState reads the state of a hasher of the standard library.
func (b *batcher) saveHasherState(h encoding.BinaryAppender, s *State1) {
	state, err := h.AppendBinary(b.marshaled[:0])
	if err != nil || len(state) != b.alg.marshaledLen() {
		panic("piecehash: the standard library has another state")
	}
	s.bytes = binary.BigEndian.Uint64(state[len(state)-8:])
	if s.bytes%blockLen != 0 {
		panic(errPartialBlock)
	}
	for w := range s.words {
		s.words[w] = binary.BigEndian.Uint32(state[len(b.alg.magic)+4*w:])
	}
}
