package piecehash

import (
	"crypto/sha1"
	"crypto/sha256"
	"hash"
	"sync"
	"sync/atomic"
)

// lanes is the number of messages that a state has room for.
const lanes = 16

// words is the state of a hash for each lane: word w of lane l is words[w][l].
type words [8][lanes]uint32

// A kernel hashes blocks of 64 bytes of several lanes at once.
type kernel struct {
	name  string
	width int // it uses the first lanes of a state, 16 or less

	// run takes up blocks, 1 or more, of each lane, the first at at[lane].
	run func(state *[8][lanes]uint32, at *[lanes]*byte, blocks int)
}

// An algorithm is SHA-1 or SHA-256, and all the ways there are to compute it.
type algorithm struct {
	init    []uint32 // the state before the first block
	magic   string   // of a state as the standard library marshals it
	kernels []kernel // that this processor can run

	// Hashers of the standard library are pooled because a piece of several
	// blocks needs one with a state, and the sum functions do not allocate.
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

// hasher returns a hasher of the standard library that has seen nothing. It is
// to be put back.
func (a *algorithm) hasher() hash.Hash {
	h := a.hashers.Get().(hash.Hash)
	h.Reset()
	return h
}
