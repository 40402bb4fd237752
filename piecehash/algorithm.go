package piecehash

import (
	"crypto/sha1"
	"crypto/sha256"
	"hash"
	"sync"
	"sync/atomic"
)

// lanes is the number of messages that words has room for.
const lanes = 16

// words is the state of a hash for each lane: word w of lane l is words[w][l].
type words [8][lanes]uint32

// A kernel hashes blocks of 64 bytes of several lanes at once.
type kernel struct {
	name  string
	width int // the number of lanes, 16 or less: the first ones of a state

	// run hashes blocks, 1 or more, of each lane. at[l] is the address of the
	// first one of lane l.
	run func(state *[8][lanes]uint32, at *[lanes]*byte, blocks int)
}

// An algorithm is SHA-1 or SHA-256, with all the ways to compute it here.
type algorithm struct {
	init    []uint32 // the state before the first block
	magic   string   // starts a state that the standard library has marshaled
	kernels []kernel // that this processor can run

	// Hashers of the standard library. They are pooled because a piece of several
	// blocks needs one, and the sum functions must not allocate.
	hashers sync.Pool

	// choice is nil until the algorithm is first used.
	choice    atomic.Pointer[choice]
	measuring sync.Mutex
}

// The initial states are in FIPS 180-4, sections 5.3.1 and 5.3.3.
var (
	alg1 = algorithm{
		init:    []uint32{0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0},
		magic:   "sha\x01",
		kernels: kernels1(),
		hashers: sync.Pool{New: func() any { return sha1.New() }},
	}
	alg256 = algorithm{
		init: []uint32{
			0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
			0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
		},
		magic:   "sha\x03",
		kernels: kernels256(),
		hashers: sync.Pool{New: func() any { return sha256.New() }},
	}
)

// hasher returns a hasher of the standard library in its initial state. The caller puts
// it back.
func (a *algorithm) hasher() hash.Hash {
	h := a.hashers.Get().(hash.Hash)
	h.Reset()
	return h
}
