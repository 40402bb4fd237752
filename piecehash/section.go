package piecehash

import (
	"encoding"
	"encoding/binary"
)

// A State1 is the state of SHA-1 after the first bytes of a message, so that the next
// ones can be hashed when they come. The zero value is the state before the first
// byte. A State1 may be copied. It is of no meaning to another process.
type State1 struct {
	words [5]uint32
	bytes uint64 // hashed so far, a multiple of 64
}

// A Section1 is a section of a message: all that follows State or, if More is set,
// some of it, of a length that is a multiple of 64 bytes.
type Section1 struct {
	State State1   // after the bytes before the section; after the section too if More is set
	More  bool     // the message continues after this section
	Sum   [20]byte // of the whole message; not set if More is set
}

// Sum1Sections hashes sections of several messages side by side, and sets State or Sum
// of each. It calls next for the bytes of section i that follow those of the call
// before, until next returns an empty slice. These bytes must not change until the next
// call for the same section, or until Sum1Sections returns. Calls for different sections
// come in any order, but never overlap. At most 16 sections are in progress at a time,
// so runs of 256 KiB take 4 MiB of memory however long the sections are. Sum1Sections
// panics if a section with More has a length that is not a multiple of 64 bytes.
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

// loadState continues in lane n from a state of SHA-1.
func (b *batcher) loadState(n int, s *State1) {
	if s.bytes == 0 {
		return
	}
	for w, x := range s.words {
		b.state[w][n] = x
	}
	b.lane[n].hashed = s.bytes
}

// saveState writes the state of lane n, whose section is finished.
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

const errPartialBlock = "piecehash: the length of a section with More is not a multiple of 64 bytes"

// marshaledLen is the length of a state as the standard library marshals it, in bytes:
// for both algorithms it is a mark, the words, a block and the number of bytes.
func (a *algorithm) marshaledLen() int { return len(a.magic) + 4*len(a.init) + blockLen + 8 }

// saveHasherState writes the state of a hasher of the standard library to s.
func (b *batcher) saveHasherState(h encoding.BinaryAppender, s *State1) {
	state, err := h.AppendBinary(b.marshaled[:0])
	if err != nil || len(state) != b.alg.marshaledLen() {
		panic("piecehash: the standard library has changed its hash state")
	}
	s.bytes = binary.BigEndian.Uint64(state[len(state)-8:])
	if s.bytes%blockLen != 0 {
		panic(errPartialBlock)
	}
	for w := range s.words {
		s.words[w] = binary.BigEndian.Uint32(state[len(b.alg.magic)+4*w:])
	}
}
