// Seedmemory seeds bytes that are in no file, and gets them back from itself.
package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net/netip"
	"os"

	"github.com/shoal-bt/shoal/client"
	"github.com/shoal-bt/shoal/examples/internal/own"
	"github.com/shoal-bt/shoal/metainfo"
	"github.com/shoal-bt/shoal/metainfo/builder"
	"github.com/shoal-bt/shoal/swarm"
)

func main() {
	if err := run(context.Background(), os.Stdout, os.Args[1:]); err != nil {
		log.Fatal("seedmemory: ", err)
	}
}

func run(ctx context.Context, out io.Writer, _ []string) error {
	content := own.Content(3 << 20)
	seeder, err := client.New(client.Config{State: client.Off, Listen: "127.0.0.1:0"})
	if err != nil {
		return err
	}
	defer seeder.Close()
	seed, err := seeder.Seed(ctx, content, client.SeedOptions{Build: builder.Options{Name: "in-memory.bin"}})
	if err != nil {
		return err
	}
	// The other side needs no file either.
	leecher, err := client.New(client.Config{
		State: client.Off,
		NewStorage: func(t *metainfo.Torrent, _ string) (swarm.Storage, error) {
			g := t.Info.Geometry()
			return swarm.NewMemory(g.Length, g.Pads...), nil
		},
	})
	if err != nil {
		return err
	}
	defer leecher.Close()
	meta, err := seed.Metainfo()
	if err != nil {
		return err
	}
	t, err := leecher.Add(ctx, meta, client.AddOptions{Peers: []netip.AddrPort{seeder.Addr()}})
	if err != nil {
		return err
	}
	if err := t.Wait(ctx); err != nil {
		return err
	}
	got := make([]byte, t.Length())
	if _, err := t.ReadAt(got, 0); err != nil {
		return err
	}
	if !bytes.Equal(got, content) {
		return errors.New("the bytes differ")
	}
	fmt.Fprintf(out, "%s: %d bytes, the same on both sides\n", t.Name(), len(got))
	return nil
}
