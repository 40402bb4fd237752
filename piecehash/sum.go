package piecehash

import (
	"crypto/sha1"
	"crypto/sha256"
)

// Sum1 sets dst[i] to the SHA-1 of all blocks of pieces[i] in order. A piece without
// blocks has the hash of no bytes. Sum1 panics if dst is shorter than pieces. It keeps
// neither slice.
func Sum1(dst [][20]byte, pieces [][][]byte) {
	dst = dst[:len(pieces)]
	if b := alg1.newBatcher(len(pieces)); b != nil {
		b.lists, b.sums1 = pieces, dst
		b.run()
		b.release()
		return
	}
	h := alg1.hasher()
	defer alg1.hashers.Put(h)
	for i, blocks := range pieces {
		if len(blocks) == 1 {
			dst[i] = sha1.Sum(blocks[0])
			continue
		}
		h.Reset()
		for _, b := range blocks {
			h.Write(b)
		}
		h.Sum(dst[i][:0])
	}
}

// Sum256 sets dst[i] to the SHA-256 of all blocks of pieces[i] in order. Otherwise it
// is like [Sum1].
func Sum256(dst [][32]byte, pieces [][][]byte) {
	dst = dst[:len(pieces)]
	if b := alg256.newBatcher(len(pieces)); b != nil {
		b.lists, b.sums256 = pieces, dst
		b.run()
		b.release()
		return
	}
	h := alg256.hasher()
	defer alg256.hashers.Put(h)
	for i, blocks := range pieces {
		if len(blocks) == 1 {
			dst[i] = sha256.Sum256(blocks[0])
			continue
		}
		h.Reset()
		for _, b := range blocks {
			h.Write(b)
		}
		h.Sum(dst[i][:0])
	}
}

// Leaves sets dst[i] to the SHA-256 of blocks[i] alone, which is a leaf of a merkle tree
// if the block has [BlockLen] bytes or is the last of its file. Leaves panics if dst is
// shorter than blocks. It keeps neither slice.
func Leaves(dst [][32]byte, blocks [][]byte) {
	dst = dst[:len(blocks)]
	if b := alg256.newBatcher(len(blocks)); b != nil {
		b.blocks, b.sums256 = blocks, dst
		b.run()
		b.release()
		return
	}
	for i, b := range blocks {
		dst[i] = sha256.Sum256(b)
	}
}
