package swarmsim_test

import (
	"fmt"

	"github.com/shoal-bt/shoal/swarm"
	"github.com/shoal-bt/shoal/swarmsim"
)

// Ten peers get 8 MiB from one seed, and one of them gives nothing.
func Example() {
	sim := swarmsim.Sim{Seed: 1, Geometry: swarm.Geometry{Length: 8 << 20, PieceLength: 64 << 10}}
	sim.Peers = append(sim.Peers, swarmsim.Peer{Seed: true, Link: swarmsim.Link{Up: 2_000_000}})
	for range 9 {
		sim.Peers = append(sim.Peers, swarmsim.Peer{})
	}
	sim.Peers = append(sim.Peers, swarmsim.Peer{Kind: swarmsim.FreeRider})
	result, err := sim.Run()
	if err != nil {
		fmt.Println(err)
		return
	}
	again, _ := sim.Run()
	fmt.Println("complete:", result.Complete, "of 9")
	fmt.Println("faster than possible:", result.Last < result.BoundAll)
	fmt.Println("same swarm again:", result.Hash == again.Hash)
	// Output:
	// complete: 9 of 9
	// faster than possible: false
	// same swarm again: true
}
