package pacing_test

import (
	"fmt"
	"time"

	"github.com/shoal-bt/shoal/protocol/pacing"
	"github.com/shoal-bt/shoal/swarm"
)

// A peer sends a block every 10 ms, each 50 ms after its request. Then it stops.
func Example() {
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	pace := pacing.New()
	fmt.Println("request", pace.Room(0, pace.Target()), "blocks at first")
	for range 200 {
		now = now.Add(10 * time.Millisecond)
		pace.Arrived(now, swarm.BlockLen, 50*time.Millisecond)
	}
	fmt.Printf("it sends %.1f MB/s, so keep %d requests open\n", pace.Rate()/1e6, pace.Target())
	fmt.Println("20 are open, so request", pace.Room(20, pace.Target()), "more")
	fmt.Println("a block is late after", pace.Timeout())
	pace.Stalled()
	fmt.Println("snubbed: request", pace.Room(0, pace.Target()))
	// Output:
	// request 16 blocks at first
	// it sends 1.6 MB/s, so keep 35 requests open
	// 20 are open, so request 15 more
	// a block is late after 2s
	// snubbed: request 1
}
