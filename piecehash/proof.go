package piecehash

import "math/bits"

// MaxRequest is the number of hashes that one request may ask for.
// BEP 52, "hash request": https://www.bittorrent.org/beps/bep_0052.html
const MaxRequest = 512

// A Request asks for consecutive hashes of one layer and for a proof of them, as the
// messages of BEP 52 do.
type Request struct {
	Base   int // layer of the hashes; 0 is the leaves
	Index  int // of the first hash in its layer, a multiple of Length
	Length int // number of hashes, a power of two from 2 to MaxRequest
	Proofs int // number of layers above Base that the proof has to cover
}

// Valid reports whether a peer may ask r about a tree whose root is on layer height.
func (r Request) Valid(height int) bool {
	if height < 0 || height > MaxLayer || r.Base < 0 || r.Base >= height ||
		r.Length < 2 || r.Length > MaxRequest || r.Length&(r.Length-1) != 0 ||
		r.Index < 0 || r.Index%r.Length != 0 || r.Proofs < 0 || r.Proofs >= height-r.Base {
		return false
	}
	width := int64(1) << (height - r.Base)
	return int64(r.Length) <= width && int64(r.Index) <= width-int64(r.Length)
}

// Uncles returns the number of proof hashes in the answer to r. Proofs also counts the
// layers that follow from the requested hashes alone; these are not sent.
func (r Request) Uncles() int {
	return max(0, r.Proofs-(bits.Len(uint(r.Length))-2))
}

// FullProof returns the value of Proofs with which an answer can be checked against
// the root of a tree of that height.
func FullProof(height, base int) int { return max(0, height-base-1) }

// Answer appends the answer to r to dst: the requested hashes, padding included, then
// their uncles from the lowest to the highest. If r is not valid, or asks for a layer
// that the tree does not hold, it reports false and appends nothing.
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

// Check reports whether an answer to r is right: whether its hashes and their uncles
// lead to root, which is on layer height. The proof has to reach the root. An answer
// that does not have the length that r asks for is wrong.
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
