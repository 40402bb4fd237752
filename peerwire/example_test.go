package peerwire_test

import (
	"fmt"
	"net"

	"github.com/shoal-bt/shoal/peerwire"
	"github.com/shoal-bt/shoal/swarm"
)

// A peer requests a block from another one, over a connection in memory.
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
				data := []byte("hello world")[m.Block.Begin:][:m.Block.Length]
				w.Write(peerwire.Message{Kind: peerwire.Piece, Block: m.Block, Data: data})
			}
		}
	}()

	r, w := peerwire.NewReader(near, limits), peerwire.NewWriter(near)
	err := w.Write(peerwire.Message{Kind: peerwire.Request, Block: swarm.Block{Begin: 6, Length: 5}})
	if err != nil {
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
