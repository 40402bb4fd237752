package choking_test

import (
	"fmt"
	"time"

	"github.com/shoal-bt/shoal/protocol/choking"
)

// Three peers want blocks, and there are two slots. One slot goes to the peer that sends
// us most, the other to a peer that is choked, so that it can show what it sends.
func Example() {
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	joined := now.Add(-time.Hour)
	peers := []choking.PeerRate{
		{Peer: 1, Joined: joined, Unchoked: joined, Down: 20_000},
		{Peer: 2, Joined: joined, Unchoked: joined, Down: 90_000},
		{Peer: 3, Joined: joined},
	}
	choker := choking.NewTitForTat()
	fmt.Println("unchoke", choker.Unchoke(nil, now, peers, 2, false))
	fmt.Println("with a slot for each:", choker.Unchoke(nil, now, peers, 3, false))
	// Output:
	// unchoke [3 2]
	// with a slot for each: [1 2 3]
}
