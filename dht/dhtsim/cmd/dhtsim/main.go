// Command dhtsim simulates a DHT and says how good look-ups are.
package main

import (
	"flag"
	"fmt"
	"os"
	"runtime/debug"
	"time"

	"github.com/shoal-bt/shoal/dht/dhtsim"
)

// memory is how much the simulation should take, in bytes, as long as that is enough.
const memory = 1000 << 20

func main() {
	var c dhtsim.Config
	flag.Uint64Var(&c.Seed, "seed", 1, "`number` that chance begins with")
	flag.IntVar(&c.Nodes, "nodes", 10_000, "`number` of nodes")
	flag.IntVar(&c.Lookups, "lookups", 1_000, "`number` of look-ups")
	flag.DurationVar(&c.MinRTT, "min", 20*time.Millisecond, "shortest `time` of a datagram and its answer")
	flag.DurationVar(&c.MaxRTT, "max", 300*time.Millisecond, "longest `time` of a datagram and its answer")
	flag.Float64Var(&c.Silent, "silent", 0.2, "`share` of the nodes that fall silent; negative for none")
	flag.Float64Var(&c.Hostile, "hostile", 0.05, "`share` of the nodes that lie; negative for none")
	flag.IntVar(&c.Tuning.Alpha, "alpha", 0, "`number` of nodes that are asked side by side; 0 for the default")
	flag.IntVar(&c.Tuning.K, "k", 0, "`number` of nodes that a look-up finds; 0 for the default")
	flag.BoolVar(&c.Tuning.Trust, "trust", false, "believe all nodes alike, as most programs do")
	flag.BoolVar(&c.Tuning.Plain, "plain", false, "give all buckets 8 places, as BEP 5 says")
	like := flag.String("like", "", "count as another `program` does: libtorrent or anacrolix")
	flag.Parse()
	if *like != "" {
		var ok bool
		c.Tuning, ok = dhtsim.Tunings[*like]
		if !ok {
			fmt.Fprintf(os.Stderr, "dhtsim: the numbers of %q are not known; use libtorrent or anacrolix\n", *like)
			os.Exit(2)
		}
	}
	if flag.NArg() > 0 || c.Nodes < 50 || c.Lookups < 1 {
		fmt.Fprintln(os.Stderr, "dhtsim: it takes flags alone, and needs 50 nodes and one look-up at least; see dhtsim -h")
		os.Exit(2)
	}
	debug.SetMemoryLimit(memory)
	r := dhtsim.Simulate(c)
	fmt.Printf("%d look-ups among %d nodes, %.0f %% silent, %.0f %% hostile\n", r.Lookups, c.Nodes, 100*max(c.Silent, 0), 100*max(c.Hostile, 0))
	fmt.Printf("found the 8 nearest that are honest and answer: %.1f %%, nodes missed: %d\n", 100*float64(r.Exact)/float64(r.Lookups), r.Missed)
	fmt.Printf("found peers: %.1f %%, the first after %v (median), %v (99th percentile)\n",
		100*float64(r.Found)/float64(r.Lookups), r.First.Round(time.Millisecond), r.First99.Round(time.Millisecond))
	fmt.Printf("a look-up took %v (median) and asked %.1f nodes, with %.1f queries; %d datagrams in all\n", r.Whole.Round(time.Millisecond), r.Asked, r.Sent, r.Datagrams)
}
