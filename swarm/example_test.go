package swarm_test

import (
	"fmt"

	"github.com/shoal-bt/shoal/swarm"
)

// A torrent of 100,000 bytes in pieces of 64 KiB, of which a peer has the second.
func Example() {
	g := swarm.Geometry{Length: 100_000, PieceLength: 64 << 10}
	have := swarm.NewBitfield(g.Pieces())
	have.Set(1)
	store := swarm.NewMemory(g.Length)
	for i := range g.Pieces() {
		if !have.Has(i) {
			continue
		}
		for b := range g.Blocks(i) {
			fmt.Println(b.Piece, b.Begin, b.Length)
			if _, err := store.WriteAt(make([]byte, b.Length), g.Offset(b)); err != nil {
				fmt.Println(err)
			}
		}
	}
	// Output:
	// 1 0 16384
	// 1 16384 16384
	// 1 32768 1696
}
