// Customsource finds peers in a text file. main_test.go runs the suite of the
// contract, swarm/sourcetest, on the source.
package main

import (
	"context"
	"fmt"
	"io"
	"log"
	"os"
	"path/filepath"

	"github.com/shoal-bt/shoal/client"
	"github.com/shoal-bt/shoal/examples/internal/own"
	"github.com/shoal-bt/shoal/metainfo"
	"github.com/shoal-bt/shoal/swarm"
)

func main() {
	if err := run(context.Background(), os.Stdout, os.Args[1:]); err != nil {
		log.Fatal("customsource: ", err)
	}
}

func run(ctx context.Context, out io.Writer, _ []string) error {
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
	peers := filepath.Join(dir, "peers.txt")
	if err := os.WriteFile(peers, []byte("# the seed\n"+seed.Addr.String()+"\n"), 0o644); err != nil {
		return err
	}
	c, err := client.New(client.Config{
		State: client.Off, Dir: dir,
		NewSources: func(*metainfo.Torrent) ([]swarm.PeerSource, error) {
			return []swarm.PeerSource{file(peers)}, nil
		},
	})
	if err != nil {
		return err
	}
	defer c.Close()
	t, err := c.Add(ctx, seed.Torrent)
	if err != nil {
		return err
	}
	if err := t.Wait(ctx); err != nil {
		return err
	}
	fmt.Fprintf(out, "%s: %d bytes from the peers in peers.txt\n", t.Name(), t.Length())
	return nil
}
