package pieces_test

import (
	"fmt"

	"github.com/shoal-bt/shoal/protocol/pieces"
	"github.com/shoal-bt/shoal/swarm"
)

// A piece of two blocks arrives. Its first block is written early, because memory is
// short, so the verifier has to read that block back.
func Example() {
	geometry := &swarm.Geometry{Length: 2 * swarm.BlockLen, PieceLength: 2 * swarm.BlockLen}
	sender := &pieces.Sender{Peer: 1}
	table := pieces.New(geometry)
	piece := table.Begin(0, 1)
	piece.Add(sender, geometry.Block(0, 0), make([]byte, swarm.BlockLen))
	fmt.Println("missing:", piece.Missing())

	numbers, _ := table.LeastComplete().TakeBuffers()
	fmt.Println("write blocks", numbers)
	piece.Spilling -= len(numbers) // they are written

	piece.Add(sender, geometry.Block(0, 1), make([]byte, swarm.BlockLen))
	fmt.Println("ready:", piece.Ready())
	bufs, stored := piece.Lend(piece.Blocks())
	fmt.Println("check", pieces.CountBuffers(bufs), "from memory, read others:", stored)
	// Output:
	// missing: 1
	// write blocks [0]
	// ready: true
	// check 1 from memory, read others: true
}
