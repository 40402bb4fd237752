package peerwire_test

import (
	"fmt"
	"net"

	"github.com/shoal-bt/shoal/peerwire"
	"github.com/shoal-bt/shoal/swarm"
)

// A peer asks another one for a block, over a connection in memory.
func Example() {
	near, far := net.Pipe()
	defer near.Close()
	defer far.Close()
	limits := peerwire.Limits{Geometry: swarm.Geometry{Length: 11, PieceLength: 16 << 10}}

	go func() { // the seed
		r, w := peerwire.NewReader(far, limits), peerwire.NewWriter(far)
		for {
			m, err := r.Next()
			if err != nil {
				return
			}
			if m.Kind == peerwire.Request {
				w.Write(peerwire.Message{Kind: peerwire.Piece, Block: m.Block, Data: []byte("hello world")[m.Block.Begin:][:m.Block.Length]})
			}
		}
	}()

	r, w := peerwire.NewReader(near, limits), peerwire.NewWriter(near)
	if err := w.Write(peerwire.Message{Kind: peerwire.Request, Block: swarm.Block{Begin: 6, Length: 5}}); err != nil {
		fmt.Println(err)
		return
	}
	m, err := r.Next()
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%s: %s\n", m.Kind, m.Data)
	// Output: piece: world
}
