// Package bloom counts addresses in sets of fixed size, so that the counts of several nodes
// can be put together (https://www.bittorrent.org/beps/bep_0033.html, "Bloom Filters").
//
// Addresses go in, an estimate comes out. A [Filter] is a value; one goroutine at a time
// may change it.
package bloom

import (
	"crypto/sha1"
	"math"
	"math/bits"
	"net/netip"
)

// A Filter is a set of addresses without ports. The zero Filter is empty.
type Filter [256]byte

const (
	size   = 256 * 8 // bits
	hashes = 2       // bits of each address
)

// Add puts an address into the set.
func (f *Filter) Add(a netip.Addr) {
	h := sha1.Sum(a.Unmap().AsSlice())
	f.set(int(h[0]) | int(h[1])<<8)
	f.set(int(h[2]) | int(h[3])<<8)
}

func (f *Filter) set(i int) {
	i %= size
	f[i/8] |= 1 << (i % 8)
}

// Has reports whether an address is in the set. It may say so of one that is not.
func (f *Filter) Has(a netip.Addr) bool {
	h := sha1.Sum(a.Unmap().AsSlice())
	return f.has(int(h[0])|int(h[1])<<8) && f.has(int(h[2])|int(h[3])<<8)
}

func (f *Filter) has(i int) bool {
	i %= size
	return f[i/8]&(1<<(i%8)) != 0
}

// Union adds everything in o.
func (f *Filter) Union(o *Filter) {
	for i := range f {
		f[i] |= o[i]
	}
}

// Estimate returns about how many addresses are in the set. It means nothing above some
// 6,000.
func (f *Filter) Estimate() float64 {
	zeros := size
	for _, b := range f {
		zeros -= bits.OnesCount8(b)
	}
	zeros = min(max(zeros, 1), size)
	return math.Abs(math.Log(float64(zeros)/size) / (hashes * math.Log(1-1.0/size)))
}
