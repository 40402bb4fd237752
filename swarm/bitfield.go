package swarm

import "math/bits"

// A Bitfield is a set of piece indices in the form that peers send: piece 0 is the
// highest bit of the first byte
// (https://www.bittorrent.org/beps/bep_0003.html#peer-messages). An index outside it is
// not in the set.
//
// Only one goroutine may use a Bitfield while it is changed.
type Bitfield []byte

// NewBitfield returns an empty set with room for n pieces.
func NewBitfield(n int) Bitfield { return make(Bitfield, (n+7)/8) }

// Has reports whether piece i is in the set.
func (b Bitfield) Has(i int) bool {
	return i >= 0 && i>>3 < len(b) && b[i>>3]&(0x80>>(i&7)) != 0
}

// Set adds piece i. It panics if the set has no room for i.
func (b Bitfield) Set(i int) { b[i>>3] |= 0x80 >> (i & 7) }

// Clear removes piece i. It panics if the set has no room for i.
func (b Bitfield) Clear(i int) { b[i>>3] &^= 0x80 >> (i & 7) }

// SetAll adds pieces 0 to n-1. It panics if the set has no room for them.
func (b Bitfield) SetAll(n int) {
	for i := range n / 8 {
		b[i] = 0xff
	}
	for i := n &^ 7; i < n; i++ {
		b.Set(i)
	}
}

// Count returns the number of pieces in the set.
func (b Bitfield) Count() int {
	n := 0
	for _, x := range b {
		n += bits.OnesCount8(x)
	}
	return n
}

// Fits reports whether b is a well-formed set of n pieces: its length is right and its
// spare bits are zero (https://www.bittorrent.org/beps/bep_0003.html#peer-messages).
func (b Bitfield) Fits(n int) bool {
	return len(b) == (n+7)/8 && (n&7 == 0 || b[len(b)-1]<<(n&7) == 0)
}

// Clone returns a copy of b.
func (b Bitfield) Clone() Bitfield { return append(Bitfield(nil), b...) }
