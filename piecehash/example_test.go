package piecehash_test

import (
	"fmt"

	"github.com/shoal-bt/shoal/piecehash"
)

// Two pieces of several blocks are hashed in one call.
func Example() {
	pieces := [][][]byte{
		{[]byte("ab"), []byte("c")},
		{[]byte("a"), []byte("bc")},
	}
	hashes := make([][20]byte, len(pieces))
	piecehash.Sum1(hashes, pieces)
	fmt.Printf("%x\n%x\n", hashes[0], hashes[1])
	// Output:
	// a9993e364706816aba3e25717850c26c9cd0d89d
	// a9993e364706816aba3e25717850c26c9cd0d89d
}

// With the root of a file alone, some of its leaves can be checked.
func ExampleCheck() {
	leaves := make([][32]byte, 5)
	piecehash.Leaves(leaves, [][]byte{[]byte("a"), []byte("b"), []byte("c"), []byte("d"), []byte("e")})
	tree := piecehash.NewTree(leaves, 0)

	r := piecehash.Request{Base: 0, Index: 2, Length: 2, Proofs: piecehash.FullProof(tree.Height(), 0)}
	answer, _ := tree.Answer(nil, r)
	fmt.Println(len(answer), piecehash.Check(tree.Root(), tree.Height(), r, answer))
	// Output: 4 true
}
