package handshake

import (
	"fmt"
	"strings"
)

// A Bit is the number of one of the 64 reserved bits, from 0 for the most significant bit
// of the first byte to 63. Methods that are given a larger number panic.
type Bit uint8

// The bits with which clients say what they support.
const (
	// Extended means that the sender supports the extension protocol,
	// https://www.bittorrent.org/beps/bep_0010.html.
	Extended Bit = 43

	// V2 means that a peer of a hybrid torrent also supports v2,
	// https://www.bittorrent.org/beps/bep_0052.html#upgrade-path.
	V2 Bit = 59

	// Fast means that the sender supports the fast extension,
	// https://www.bittorrent.org/beps/bep_0006.html.
	Fast Bit = 61

	// DHT means that the sender runs a DHT node,
	// https://www.bittorrent.org/beps/bep_0005.html#bittorrent-protocol-extension.
	DHT Bit = 63
)

// String returns the name of a known bit, or its number.
func (b Bit) String() string {
	switch b {
	case Extended:
		return "extended"
	case V2:
		return "v2"
	case Fast:
		return "fast"
	case DHT:
		return "dht"
	}
	return fmt.Sprintf("bit %d", uint8(b))
}

// Reserved is the eight reserved bytes between the protocol's name and the info hash. It
// is a value: no method changes its receiver.
type Reserved [8]byte

// Bits returns a Reserved with only the given bits set.
func Bits(bits ...Bit) Reserved {
	return Reserved{}.With(bits...)
}

// Has reports whether b is set.
func (r Reserved) Has(b Bit) bool {
	return r[b/8]&(0x80>>(b%8)) != 0
}

// With returns r with the given bits set.
func (r Reserved) With(bits ...Bit) Reserved {
	for _, b := range bits {
		r[b/8] |= 0x80 >> (b % 8)
	}
	return r
}

// Without returns r with the given bits cleared.
func (r Reserved) Without(bits ...Bit) Reserved {
	for _, b := range bits {
		r[b/8] &^= 0x80 >> (b % 8)
	}
	return r
}

// Union returns the bits that are set in r or in o.
func (r Reserved) Union(o Reserved) Reserved {
	for i := range r {
		r[i] |= o[i]
	}
	return r
}

// Intersect returns the bits that are set in both r and o. An extension may be used if
// both sides of a connection have set its bit.
func (r Reserved) Intersect(o Reserved) Reserved {
	for i := range r {
		r[i] &= o[i]
	}
	return r
}

// String lists the bits that are set, such as "extended, fast, dht".
func (r Reserved) String() string {
	var names []string
	for b := range Bit(64) {
		if r.Has(b) {
			names = append(names, b.String())
		}
	}
	return strings.Join(names, ", ")
}
