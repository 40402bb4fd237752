// Download gets a torrent: of a path or URL, or, without arguments, of a seed of
// its own.
//
//	download [TORRENT [PEER...]]
package main

import (
	"context"
	"fmt"
	"io"
	"log"
	"net/netip"
	"os"
	"path/filepath"

	"github.com/shoal-bt/shoal/client"
	"github.com/shoal-bt/shoal/examples/internal/own"
)

func main() {
	if err := run(context.Background(), os.Stdout, os.Args[1:]); err != nil {
		log.Fatal("download: ", err)
	}
}

func run(ctx context.Context, out io.Writer, args []string) error {
	if len(args) > 0 {
		var peers []netip.AddrPort
		for _, a := range args[1:] {
			found, err := client.LookupPeer(ctx, a)
			if err != nil {
				return err
			}
			peers = append(peers, found...)
		}
		return download(ctx, out, client.Config{}, args[0], peers)
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
	config := client.Config{Dir: dir, State: filepath.Join(dir, "state")}
	return download(ctx, out, config, seed.Torrent, []netip.AddrPort{seed.Addr})
}

func download(ctx context.Context, out io.Writer, config client.Config, source any, peers []netip.AddrPort) error {
	c, err := client.New(config)
	if err != nil {
		return err
	}
	defer c.Close()
	t, err := c.Add(ctx, source, client.AddOptions{Peers: peers})
	if err != nil {
		return err
	}
	if err := t.Wait(ctx); err != nil {
		return err
	}
	files, err := t.Files()
	if err != nil {
		return err
	}
	for _, f := range files {
		fmt.Fprintf(out, "%s: %d bytes\n", f.Path, f.Length)
	}
	return nil
}
