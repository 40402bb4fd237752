// Compose wires an engine by hand, without package client: it downloads a
// torrent from given peers, or, without arguments, from a seed of its own.
package main

import (
	"context"
	"crypto/rand"
	"flag"
	"fmt"
	"log"
	"net"
	"net/netip"
	"os"
	"time"

	"github.com/shoal-bt/shoal/diskstore"
	"github.com/shoal-bt/shoal/engine"
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
	log.SetFlags(0)
	if err := run(flag.Args()); err != nil {
		log.Fatal("compose: ", err)
	}
}

func run(args []string) error {
	var tor *metainfo.Torrent
	var peers swarm.List
	var err error
	if len(args) == 0 {
		if *dir, err = os.MkdirTemp("", "shoal-compose-"); err != nil {
			return err
		}
		defer os.RemoveAll(*dir)
		seed, t, err := ownSeed()
		if err != nil {
			return err
		}
		defer seed.Close()
		tor, peers = t, swarm.List{{AddrPort: seed.Addrs()[0]}}
	} else {
		if tor, err = metainfo.ReadFile(args[0]); err != nil {
			return err
		}
		for _, a := range args[1:] {
			addr, err := netip.ParseAddrPort(a)
			if err != nil {
				return err
			}
			peers = append(peers, swarm.Address{AddrPort: addr})
		}
	}
	return download(tor, peers)
}

func download(tor *metainfo.Torrent, peers swarm.List) error {
	info := tor.Info
	storage, err := map[string]func() (swarm.Storage, error){
		"pwritev":  func() (swarm.Storage, error) { return diskstore.Open(*dir, info.Files(), diskstore.Options{}) },
		"portable": func() (swarm.Storage, error) { return diskstore.Open(*dir, info.Files(), diskstore.Options{Portable: true}) },
		"memory":   func() (swarm.Storage, error) { return swarm.NewMemory(info.Geometry().Length, info.Geometry().Pads...), nil },
	}[*store]()
	if err != nil {
		return err
	}
	pick := map[string]swarm.Picker{
		"rarest":     piecepicker.NewRarest(info.Geometry(), piecepicker.Config{}),
		"sequential": piecepicker.NewSequential(info.Geometry(), piecepicker.Config{}),
	}[*picker]
	e, err := engine.New(engine.Config{})
	if err != nil {
		return err
	}
	defer e.Close()
	start := time.Now()
	t, err := e.Add(engine.Spec{
		Swarms: tor.IDs(), Geometry: info.Geometry(), Verify: info.Verify,
		Storage: storage, Picker: pick, Sources: []swarm.PeerSource{peers},
	})
	if err != nil {
		return err
	}
	if err := t.Wait(context.Background()); err != nil {
		return err
	}
	s := t.Stats()
	fmt.Printf("%s: %d bytes in %d pieces, store %s, picker %s, %v\n",
		info.Name, s.Length, s.Pieces, *store, *picker, time.Since(start).Round(time.Millisecond))
	return nil
}

// ownSeed makes a torrent of 8 MiB in memory and seeds it on loopback.
func ownSeed() (*engine.Engine, *metainfo.Torrent, error) {
	content := make([]byte, 8<<20+12345)
	rand.Read(content)
	tor, err := metainfo.Builder{PieceLength: 256 << 10}.Bytes(context.Background(), "sample.bin", content)
	if err != nil {
		return nil, nil, err
	}
	storage := swarm.NewMemory(int64(len(content)))
	storage.WriteAt(content, 0)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, nil, err
	}
	e, err := engine.New(engine.Config{Listeners: []net.Listener{l}})
	if err != nil {
		return nil, nil, err
	}
	g := tor.Info.Geometry()
	all := swarm.NewBitfield(g.Pieces())
	all.SetAll(g.Pieces())
	_, err = e.Add(engine.Spec{
		Swarms: tor.IDs(), Geometry: g, Verify: tor.Info.Verify, Storage: storage,
		Picker: piecepicker.New(g), Have: all,
	})
	return e, tor, err
}
