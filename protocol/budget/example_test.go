package budget_test

import (
	"fmt"

	"github.com/shoal-bt/shoal/protocol/budget"
	"github.com/shoal-bt/shoal/swarm"
)

// Two torrents share three buffers. The second gets nothing until the first has written
// its blocks.
func Example() {
	b := budget.New(3 * swarm.BlockLen)
	reclaim := func() { fmt.Println("the first torrent should write its blocks") }
	refilled := func() { fmt.Println("the second torrent may try again") }
	first := b.Open(func() {}, reclaim)
	second := b.Open(refilled, func() {})

	n := first.Reserve(3)
	fmt.Println("request", n, "blocks")
	bufs := [][]byte{b.Buffer(), b.Buffer()} // the blocks have come
	fmt.Println("the second gets", second.Reserve(1))
	first.Drop(bufs) // they are written
	fmt.Println("now it gets", second.Reserve(1), "and", b.InUse(), "are in use")
	// Output:
	// request 2 blocks
	// the first torrent should write its blocks
	// the second gets 0
	// the second torrent may try again
	// now it gets 1 and 1 are in use
}
