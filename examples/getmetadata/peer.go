package main

import (
	"bytes"
	"context"
	"net"
	"net/netip"

	"github.com/shoal-bt/shoal/engine"
	"github.com/shoal-bt/shoal/examples/internal/own"
	"github.com/shoal-bt/shoal/magnet"
	"github.com/shoal-bt/shoal/piecepicker"
	"github.com/shoal-bt/shoal/swarm"
)

// A peer has the metadata of the sample, and nothing of its content.
type peer struct {
	link  string
	addr  swarm.Address
	close func() error
}

// newPeer runs a peer in this process until it is closed.
func newPeer(ctx context.Context) (*peer, error) {
	seed, err := own.NewSeed(ctx)
	if err != nil {
		return nil, err
	}
	defer seed.Close()
	tor := seed.Torrent
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	e, err := engine.New(engine.Config{Listeners: []net.Listener{l}})
	if err != nil {
		l.Close()
		return nil, err
	}
	g, info := tor.Info.Geometry(), tor.Info.Raw
	_, err = e.Add(engine.Spec{
		Swarms:     tor.IDs(),
		Geometry:   g,
		Verify:     tor.Info.Verify,
		Storage:    swarm.NewMemory(g.Length, g.Pads...),
		NewPicker:  func() swarm.Picker { return piecepicker.New(g) },
		Extensions: []engine.ExtensionMaker{magnet.Serve(len(info), bytes.NewReader(info))},
	})
	if err != nil {
		e.Close()
		return nil, err
	}
	addr := netip.MustParseAddrPort(l.Addr().String())
	return &peer{tor.Magnet().String(), swarm.Address{AddrPort: addr}, e.Close}, nil
}
