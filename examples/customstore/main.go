// Customstore downloads into a Storage of its own making. main_test.go runs the
// suite of the contract, swarm/storagetest, on it.
package main

import (
	"context"
	"fmt"
	"io"
	"log"
	"net/netip"
	"os"

	"github.com/shoal-bt/shoal/client"
	"github.com/shoal-bt/shoal/examples/internal/own"
	"github.com/shoal-bt/shoal/metainfo"
	"github.com/shoal-bt/shoal/swarm"
)

func main() {
	if err := run(context.Background(), os.Stdout, os.Args[1:]); err != nil {
		log.Fatal("customstore: ", err)
	}
}

func run(ctx context.Context, out io.Writer, _ []string) error {
	seed, err := own.NewSeed(ctx)
	if err != nil {
		return err
	}
	defer seed.Close()
	var store *chunks
	c, err := client.New(client.Config{
		State: client.Off,
		NewStorage: func(t *metainfo.Torrent, _ string) (swarm.Storage, error) {
			g := t.Info.Geometry()
			store = newChunks(g.Length, g.Pads)
			return store, nil
		},
	})
	if err != nil {
		return err
	}
	defer c.Close()
	t, err := c.Add(ctx, seed.Torrent, client.AddOptions{Peers: []netip.AddrPort{seed.Addr}})
	if err != nil {
		return err
	}
	if err := t.Wait(ctx); err != nil {
		return err
	}
	fmt.Fprintf(out, "%s: %d bytes in %d chunks of memory\n", t.Name(), t.Length(), len(store.at))
	return nil
}
