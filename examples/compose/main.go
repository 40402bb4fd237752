// Compose wires an engine by hand, without package client: it downloads a
// torrent from given peers, or, without arguments, from a seed of its own.
//
//	compose [-store pwritev|portable|memory] [-picker rarest|sequential] [-dir DIR] [TORRENT PEER...]
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"log"
	"os"

	"github.com/shoal-bt/shoal/diskstore"
	"github.com/shoal-bt/shoal/engine"
	"github.com/shoal-bt/shoal/examples/internal/own"
	"github.com/shoal-bt/shoal/metainfo"
	"github.com/shoal-bt/shoal/piecepicker"
	"github.com/shoal-bt/shoal/swarm"
)

var (
	store  = flag.String("store", "pwritev", "pwritev, portable or memory")
	picker = flag.String("picker", "rarest", "rarest or sequential")
	dir    = flag.String("dir", ".", "folder to download to")
)

func main() {
	flag.Parse()
	if err := run(context.Background(), os.Stdout, flag.Args()); err != nil {
		log.Fatal("compose: ", err)
	}
}

func run(ctx context.Context, out io.Writer, args []string) error {
	if len(args) > 0 {
		tor, err := metainfo.ReadFile(args[0])
		if err != nil {
			return err
		}
		peers, err := parse(args[1:])
		if err != nil {
			return err
		}
		return download(ctx, out, *dir, tor, peers)
	}
	seed, err := own.NewSeed(ctx)
	if err != nil {
		return err
	}
	defer seed.Close()
	tmp, remove, err := own.Dir()
	if err != nil {
		return err
	}
	defer remove()
	return download(ctx, out, tmp, seed.Torrent, swarm.List{{AddrPort: seed.Addr}})
}

func download(ctx context.Context, out io.Writer, dir string, tor *metainfo.Torrent, peers swarm.List) error {
	g := tor.Info.Geometry()
	files := func(o diskstore.Options) func() (swarm.Storage, error) {
		return func() (swarm.Storage, error) { return diskstore.Open(dir, tor.Info.Files(), o) }
	}
	stores := map[string]func() (swarm.Storage, error){
		"pwritev":  files(diskstore.Options{}),
		"portable": files(diskstore.Options{Portable: true}),
		"memory":   func() (swarm.Storage, error) { return swarm.NewMemory(g.Length, g.Pads...), nil },
	}
	pickers := map[string]func() swarm.Picker{
		"rarest":     func() swarm.Picker { return piecepicker.NewRarest(g, piecepicker.Config{}) },
		"sequential": func() swarm.Picker { return piecepicker.NewSequential(g, piecepicker.Config{}) },
	}
	if stores[*store] == nil || pickers[*picker] == nil {
		return fmt.Errorf("no store %q or no picker %q; see -help", *store, *picker)
	}
	storage, err := stores[*store]()
	if err != nil {
		return err
	}
	e, err := engine.New(engine.Config{})
	if err != nil {
		return err
	}
	defer e.Close()
	t, err := e.Add(engine.Spec{
		Swarms: tor.IDs(), Geometry: g, Verify: tor.Info.Verify, Lanes: tor.Info.Lanes(), Sections: true,
		Storage: storage, NewPicker: pickers[*picker], Sources: []swarm.PeerSource{peers},
	})
	if err != nil {
		return err
	}
	if err := t.Wait(ctx); err != nil {
		return err
	}
	fmt.Fprintf(out, "%s: %d bytes, store %s, picker %s\n", tor.Info.Name, g.Length, *store, *picker)
	return nil
}
