// Custompicker downloads in an order of its own making, and with a queue of its own. With
// "compare" as its argument it simulates a swarm with each of three own parts.
//
// Which piece is exchanged next is decided in three classes. Selection is an Order of package
// piecepicker (order.go): which piece to begin. Queueing is a Queue (queue.go): which of the begun
// ones to continue. Revealing is a protocol.Revealer (revealer.go): which pieces a seed shows.
// main_test.go runs the suites of the contracts, swarm/pickertest and revealtest, on them.
package main

import (
	"context"
	"fmt"
	"io"
	"log"
	"net/netip"
	"os"

	"github.com/shoal-bt/shoal/client"
	"github.com/shoal-bt/shoal/engine"
	"github.com/shoal-bt/shoal/examples/internal/own"
	"github.com/shoal-bt/shoal/metainfo"
	"github.com/shoal-bt/shoal/piecepicker"
	"github.com/shoal-bt/shoal/swarm"
)

func main() {
	if err := run(context.Background(), os.Stdout, os.Args[1:]); err != nil {
		log.Fatal("custompicker: ", err)
	}
}

func newPicker(g swarm.Geometry) swarm.Picker {
	return piecepicker.Mix(g, new(backwards), piecepicker.Config{Queue: rareFirst{}})
}

func run(ctx context.Context, out io.Writer, args []string) error {
	if len(args) > 0 && args[0] == "compare" {
		return compare(out)
	}
	seed, err := own.NewSeed(ctx)
	if err != nil {
		return err
	}
	defer seed.Close()
	dir, remove, err := own.Dir()
	if err != nil {
		return err
	}
	defer remove()
	c, err := client.New(client.Config{
		State: client.Off, Dir: dir,
		NewPicker: func(t *metainfo.Torrent) swarm.Picker { return newPicker(t.Info.Geometry()) },
	})
	if err != nil {
		return err
	}
	defer c.Close()
	events := c.Events(client.AllEvents, 0)
	if _, err := c.Add(ctx, seed.Torrent, client.AddOptions{Peers: []netip.AddrPort{seed.Addr}}); err != nil {
		return err
	}
	for e := range events.All(ctx) {
		switch e := e.(type) {
		case engine.Piece:
			fmt.Fprint(out, e.Piece, " ")
		case engine.Completed:
			fmt.Fprintln(out, "done")
			return nil
		case engine.Failed:
			return e.Err
		}
	}
	return ctx.Err()
}
