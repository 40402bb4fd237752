package ours

import (
	"crypto/sha1"
	"crypto/sha256"
	"fmt"
	"math/rand/v2"

	"github.com/shoal-bt/shoal/bench/internal/child"
	"github.com/shoal-bt/shoal/piecehash"
)

// What Hash hashes again and again: pieces that stay in the processor's cache, so
// that memory does not count.
const (
	hashPieces = 16
	hashPiece  = 64 << 10 // bytes
)

// Hash hashes length bytes on one goroutine, with "sha1" or "sha256", by the
// standard library ("std") or by package piecehash ("piecehash").
func Hash(p *child.Parent, algorithm, by string, length int64) error {
	pieces := make([][][]byte, hashPieces)
	random := rand.NewChaCha8([32]byte{})
	for i := range pieces {
		b := make([]byte, hashPiece)
		random.Read(b)
		pieces[i] = [][]byte{b}
	}
	var sums1 [hashPieces][20]byte
	var sums256 [hashPieces][32]byte
	work := map[string]func(){
		"sha1 std": func() {
			for i, b := range pieces {
				sums1[i] = sha1.Sum(b[0])
			}
		},
		"sha256 std": func() {
			for i, b := range pieces {
				sums256[i] = sha256.Sum256(b[0])
			}
		},
		"sha1 piecehash":   func() { piecehash.Sum1(sums1[:], pieces) },
		"sha256 piecehash": func() { piecehash.Sum256(sums256[:], pieces) },
	}[algorithm+" "+by]
	if work == nil {
		return fmt.Errorf("no %s by %s", algorithm, by)
	}
	work() // what is chosen at the first call is chosen
	if err := p.Ready(""); err != nil {
		return err
	}
	for n := int64(0); n < length && p.Context().Err() == nil; n += hashPieces * hashPiece {
		work()
	}
	return p.Done("")
}
