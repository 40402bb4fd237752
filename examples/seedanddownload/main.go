// Seedanddownload runs two clients in one process that find each other through a
// tracker in the same process.
package main

import (
	"context"
	"fmt"
	"io"
	"log"
	"net"
	"os"

	"github.com/shoal-bt/shoal/client"
	"github.com/shoal-bt/shoal/examples/internal/own"
	"github.com/shoal-bt/shoal/metainfo/builder"
	"github.com/shoal-bt/shoal/trackerserver"
)

func main() {
	if err := run(context.Background(), os.Stdout, os.Args[1:]); err != nil {
		log.Fatal("seedanddownload: ", err)
	}
}

func run(ctx context.Context, out io.Writer, _ []string) error {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	serving, stop := context.WithCancel(ctx)
	tracker := make(chan error, 1)
	go func() { tracker <- trackerserver.New(trackerserver.Config{}).Serve(serving, l) }()
	defer func() { stop(); <-tracker }()

	seeder, err := client.New(client.Config{State: client.Off, Listen: "127.0.0.1:0"})
	if err != nil {
		return err
	}
	defer seeder.Close()
	events := seeder.Events(0, 0)
	seed, err := seeder.Seed(ctx, own.Content(5<<20), client.SeedOptions{Build: builder.Options{
		Name: "shared.bin", Tiers: [][]string{{"http://" + l.Addr().String() + "/announce"}},
	}})
	if err != nil {
		return err
	}
	if err := announced(ctx, events); err != nil {
		return err
	}

	dir, remove, err := own.Dir()
	if err != nil {
		return err
	}
	defer remove()
	leecher, err := client.New(client.Config{State: client.Off, Dir: dir, Listen: "127.0.0.1:0"})
	if err != nil {
		return err
	}
	defer leecher.Close()
	meta, err := seed.Metainfo()
	if err != nil {
		return err
	}
	t, err := leecher.Add(ctx, meta)
	if err != nil {
		return err
	}
	if err := t.Wait(ctx); err != nil {
		return err
	}
	fmt.Fprintf(out, "%s: %d bytes from a peer that the tracker knew\n", t.Name(), t.Length())
	return nil
}
