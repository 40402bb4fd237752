package nodeid

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"math/bits"
)

// Bits is the length of an ID, in bits.
const Bits = 160

// An ID names a node, or a target: the hash of a swarm or of an item.
type ID [20]byte

// Parse reads an ID of 40 hexadecimal digits.
func Parse(s string) (id ID, err error) {
	b, err := hex.DecodeString(s)
	if err != nil || len(b) != len(id) {
		return ID{}, fmt.Errorf("dht: %q is not an id: want 40 hexadecimal digits", s)
	}
	return ID(b), nil
}

// String returns the ID as 40 hexadecimal digits.
func (id ID) String() string { return hex.EncodeToString(id[:]) }

// Distance returns how far a is from b: their XOR, a number of 160 bits.
func Distance(a, b ID) (d ID) {
	for i := range d {
		d[i] = a[i] ^ b[i]
	}
	return d
}

// Compare returns a negative number if a is nearer to the target than b, a positive one if
// b is nearer, and zero if they are equal.
func Compare(target, a, b ID) int {
	for i := range target {
		da, db := target[i]^a[i], target[i]^b[i]
		if da != db {
			return int(da) - int(db)
		}
	}
	return 0
}

// CommonBits returns how many bits at the front of a and b are equal, 0 to 160.
func CommonBits(a, b ID) int {
	for i := range a {
		x := a[i] ^ b[i]
		if x != 0 {
			return 8*i + bits.LeadingZeros8(x)
		}
	}
	return Bits
}

// Bit returns bit i, counted from the front.
func (id ID) Bit(i int) bool { return id[i/8]&(0x80>>(i%8)) != 0 }

// WithPrefix returns id with its first n bits replaced by those of prefix.
func (id ID) WithPrefix(prefix ID, n int) ID {
	whole := n / 8
	copy(id[:whole], prefix[:whole])
	if rest := n % 8; rest > 0 {
		mask := byte(0xff) << (8 - rest)
		id[whole] = prefix[whole]&mask | id[whole]&^mask
	}
	return id
}

// Flip returns id with bit i, counted from the front, inverted.
func (id ID) Flip(i int) ID {
	id[i/8] ^= 0x80 >> (i % 8)
	return id
}

// Less reports whether id is the smaller number.
func (id ID) Less(o ID) bool { return bytes.Compare(id[:], o[:]) < 0 }
