package piecepicker

import (
	"encoding/binary"
	"math/bits"

	"github.com/bits-and-blooms/bitset"
	"github.com/shoal-bt/shoal/swarm"
)

// A Set is a set of pieces of one torrent. It has a fixed size; a piece outside the
// torrent is never in it. An Order may read the sets that it gets only until its method
// returns.
type Set struct {
	bits   *bitset.BitSet
	pieces int
	count  int
}

func newSet(pieces int) *Set {
	return &Set{bits: bitset.New(uint(pieces)), pieces: pieces}
}

func newFullSet(pieces int) *Set {
	s := newSet(pieces)
	words := s.Words()
	for k := range words {
		words[k] = s.validBits(k)
	}
	s.count = pieces
	return s
}

// setOf copies b without the bits outside the torrent, because bitset would count them.
func setOf(b swarm.Bitfield, pieces int) *Set {
	s := newSet(pieces)
	words := s.Words()
	for k := range words {
		// The first piece is the highest bit of a Bitfield and the lowest of a Set.
		var word uint64
		if len(b) >= 8 {
			word, b = bits.Reverse64(binary.BigEndian.Uint64(b)), b[8:]
		} else {
			var padded [8]byte
			copy(padded[:], b)
			word, b = bits.Reverse64(binary.BigEndian.Uint64(padded[:])), nil
		}
		words[k] = word & s.validBits(k)
		s.count += bits.OnesCount64(words[k])
	}
	return s
}

// isFull reports whether b has every piece, without a copy of it.
func isFull(b swarm.Bitfield, pieces int) bool {
	if len(b) < (pieces+7)/8 {
		return false
	}
	for ; pieces >= 64; pieces -= 64 {
		if binary.NativeEndian.Uint64(b) != ^uint64(0) {
			return false
		}
		b = b[8:]
	}
	for i := range pieces {
		if !b.Has(i) {
			return false
		}
	}
	return true
}

// Has reports whether a piece is in the set.
func (s *Set) Has(piece int) bool {
	return piece >= 0 && s.bits.Test(uint(piece))
}

// Len returns the number of pieces in the set.
func (s *Set) Len() int { return s.count }

// Full reports whether every piece of the torrent is in the set.
func (s *Set) Full() bool { return s.count == s.pieces }

// Words returns the set as bits: piece 0 is the lowest bit of the first word.
// The caller must not change them.
func (s *Set) Words() []uint64 { return s.bits.Words() }

// put adds or removes a piece, which must exist, and reports whether that changed the
// set. Unlike Set of bitset, it never grows the set.
func (s *Set) put(piece int, member bool) bool {
	if s.bits.Test(uint(piece)) == member {
		return false
	}
	if member {
		s.bits.Set(uint(piece))
		s.count++
	} else {
		s.bits.Clear(uint(piece))
		s.count--
	}
	return true
}

// each yields the pieces in the set in order.
func (s *Set) each(yield func(piece int) bool) {
	for k, word := range s.Words() {
		for ; word != 0; word &= word - 1 {
			if !yield(k*64 + bits.TrailingZeros64(word)) {
				return
			}
		}
	}
}

// assign makes s equal to o, which must be of the same torrent.
func (s *Set) assign(o *Set) {
	copy(s.bits.Words(), o.bits.Words())
	s.count = o.count
}

func (s *Set) clone() *Set {
	return &Set{bits: s.bits.Clone(), pieces: s.pieces, count: s.count}
}

// validBits returns word k of a set of all pieces.
func (s *Set) validBits(k int) uint64 {
	if n := s.pieces - k*64; n < 64 {
		return 1<<n - 1
	}
	return ^uint64(0)
}
