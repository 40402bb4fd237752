package piecehash

import "math/bits"

// MaxRequest is the number of hashes that one request may ask for.
// BEP 52, "hash request": https://www.bittorrent.org/beps/bep_0052.html
const MaxRequest = 512

// A Request names a run of hashes of one layer, and how far up their proof
// reaches, as messages of BEP 52 do.
type Request struct {
	Base   int // layer of the hashes; 0 is the leaves
	Index  int // of the first hash in its layer, a multiple of Length
	Length int // number of hashes, a power of two from 2 to MaxRequest
	Proofs int // number of layers above Base from which proof is asked for
}

// Valid reports whether r may be asked of a tree whose root is on layer height.
func (r Request) Valid(height int) bool {
	if height < 0 || height > MaxLayer || r.Base < 0 || r.Base >= height ||
		r.Length < 2 || r.Length > MaxRequest || r.Length&(r.Length-1) != 0 ||
		r.Index < 0 || r.Index%r.Length != 0 || r.Proofs < 0 || r.Proofs >= height-r.Base {
		return false
	}
	width := int64(1) << (height - r.Base)
	return int64(r.Length) <= width && int64(r.Index) <= width-int64(r.Length)
}

// Uncles returns the number of proof hashes in the answer to r. The layers that
// follow from the requested hashes alone are counted in Proofs, but not sent.
func (r Request) Uncles() int {
	return max(0, r.Proofs-(bits.Len(uint(r.Length))-2))
}

// FullProof returns the number to ask for as Proofs, so that an answer can be
// checked against the root of a tree of that height.
func FullProof(height, base int) int { return max(0, height-base-1) }

// Answer appends to dst the answer to r: the hashes asked for, padding
// included, then their uncles from the lowest up. It reports false, and appends
// nothing, if r is not valid or asks for a layer that the tree does not hold.
func (t *Tree) Answer(dst [][32]byte, r Request) ([][32]byte, bool) {
	if !r.Valid(t.Height()) || r.Base < t.base {
		return dst, false
	}
	for i := range r.Length {
		dst = append(dst, t.hash(r.Base, r.Index+i))
	}
	layer := r.Base + bits.Len(uint(r.Length)) - 1
	index := r.Index / r.Length
	for range r.Uncles() {
		dst = append(dst, t.hash(layer, index^1))
		layer++
		index >>= 1
	}
	return dst, true
}

// Check reports whether an answer to r is right: whether its hashes and their
// uncles lead to root, which stands on layer height. The proof has to reach
// the root; an answer of another length than r asks for is wrong.
func Check(root [32]byte, height int, r Request, answer [][32]byte) bool {
	if !r.Valid(height) || len(answer) != r.Length+r.Uncles() {
		return false
	}
	layer := r.Base + bits.Len(uint(r.Length)) - 1
	if layer+r.Uncles() != height {
		return false
	}
	h := Subtree(answer[:r.Length], r.Base, layer)
	index := r.Index / r.Length
	for i := range answer[r.Length:] {
		u := &answer[r.Length+i]
		if index&1 == 0 {
			h = pair(&h, u)
		} else {
			h = pair(u, &h)
		}
		index >>= 1
	}
	return h == root
}
