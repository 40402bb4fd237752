// Progress shows a download as it goes: pieces as events, rates once a second.
//
//	progress [TORRENT]
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
)

func main() {
	if err := run(context.Background(), os.Stdout, os.Args[1:]); err != nil {
		log.Fatal("progress: ", err)
	}
}

func run(ctx context.Context, out io.Writer, args []string) error {
	config := client.Config{State: client.Off}
	if len(args) > 0 {
		return show(ctx, out, config, args[0], nil)
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
	config.Dir = dir
	return show(ctx, out, config, seed.Torrent, []netip.AddrPort{seed.Addr})
}

func show(ctx context.Context, out io.Writer, config client.Config, source any, peers []netip.AddrPort) error {
	c, err := client.New(config)
	if err != nil {
		return err
	}
	defer c.Close()
	events := c.Events(client.AllEvents, 0)
	t, err := c.Add(ctx, source, client.AddOptions{Peers: peers})
	if err != nil {
		return err
	}
	for e := range events.All(ctx) {
		switch e := e.(type) {
		case client.PeerConnected:
			fmt.Fprintln(out, "peer", e.Addr)
		case client.Piece:
			fmt.Fprintf(out, "\r%5.1f %%", 100*t.Progress())
		case client.StatsTick:
			s := e.Stats
			fmt.Fprintf(out, "  %.1f MB/s from %d peers", s.Down.Rate/1e6, s.Peers)
		case client.FileCompleted:
			fmt.Fprintf(out, "\n%s is complete\n", e.Path)
		case client.Completed:
			return nil
		case client.Failed:
			return e.Err
		}
	}
	return ctx.Err()
}
