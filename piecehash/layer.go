package piecehash

import (
	"math/bits"
	"sync"
)

// BlockLen is the number of bytes that one leaf of a merkle tree covers; the
// last leaf of a file may cover fewer.
// BEP 52, "pieces root": https://www.bittorrent.org/beps/bep_0052.html
const BlockLen = 16 << 10

// MaxLayer is the highest layer that a tree can have. Leaves are layer 0, and
// a file of the largest length that fits into an int64 has 2^49 of them.
const MaxLayer = 49

// pads[n] is the root of a tree of height n whose leaves are all zero hashes.
var pads = func() (p [MaxLayer + 1][32]byte) {
	for n := 1; n < len(p); n++ {
		p[n] = pair(&p[n-1], &p[n-1])
	}
	return p
}()

// Pad returns the hash on a layer, 0 to MaxLayer, of a subtree that is entirely
// beyond the end of the file.
func Pad(layer int) [32]byte { return pads[layer] }

// Height returns the layer of the root of the smallest tree that has n hashes, 1 or
// more, on layer base.
func Height(n int64, base int) int { return base + bits.Len64(uint64(n-1)) }

// LeavesOf returns the number of leaves of a file of length bytes, without padding.
func LeavesOf(length int64) int64 {
	n := length / BlockLen
	if length%BlockLen != 0 {
		n++
	}
	return n
}

// PieceLayer returns the layer on which one hash covers a full piece of
// pieceLength bytes, a power of two not less than BlockLen.
func PieceLayer(pieceLength int64) int {
	return bits.Len64(uint64(pieceLength/BlockLen)) - 1
}

// parents writes the layer above src to dst and returns its length. dst may be src.
// If the last hash of src has no partner, it is paired with pad, the padding of src's
// layer.
func parents(dst, src [][32]byte, pad *[32]byte) int {
	n := len(src) / 2
	pairs(dst, src)
	if len(src)%2 == 1 {
		dst[n] = pair(&src[2*n], pad)
		n++
	}
	return n
}

// rows is a pool of slices for the layers between hashes and root, so that computing a
// root does not allocate.
var rows = sync.Pool{New: func() any { return new([][32]byte) }}

// Root returns the root of the smallest tree above hashes of layer base, with the
// padding of that layer to the right of them. For a file longer than a piece, hashes
// are its piece layer and base is [PieceLayer]; for a shorter one, hashes are its
// leaves and base is 0. Without hashes it returns the zero hash.
func Root(hashes [][32]byte, base int) [32]byte {
	if len(hashes) == 0 {
		return [32]byte{}
	}
	return Subtree(hashes, base, Height(int64(len(hashes)), base))
}

// Subtree returns the hash on layer top above hashes of layer base. There may be up
// to 1<<(top-base) of them; the missing ones are padding. In a file longer than a
// piece, the hash of each piece, however short, is the Subtree of its leaves with base
// 0 and top [PieceLayer].
func Subtree(hashes [][32]byte, base, top int) [32]byte {
	if len(hashes) == 0 {
		return pads[top]
	}
	if base == top {
		return hashes[0]
	}
	s := rows.Get().(*[][32]byte)
	defer rows.Put(s)
	if need := (len(hashes) + 1) / 2; cap(*s) < need {
		*s = make([][32]byte, need)
	}
	row := (*s)[:cap(*s)]
	n := parents(row, hashes, &pads[base])
	for layer := base + 1; layer < top; layer++ {
		n = parents(row, row[:n], &pads[layer])
	}
	return row[0]
}
