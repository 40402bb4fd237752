package ours

import (
	"net/netip"

	"github.com/shoal-bt/shoal/bench/internal/child"
	"github.com/shoal-bt/shoal/engine"
	"github.com/shoal-bt/shoal/swarm"
)

// Leech downloads a torrent into dir from peers.
func Leech(p *child.Parent, torrent, dir string, peers []string) error {
	var list swarm.List
	for _, s := range peers {
		a, err := netip.ParseAddrPort(s)
		if err != nil {
			return err
		}
		list = append(list, swarm.Address{AddrPort: a})
	}
	spec, err := open(torrent, dir)
	if err != nil {
		return err
	}
	spec.Sources = []swarm.PeerSource{list}
	e, err := engine.New(engine.Config{})
	if err != nil {
		return err
	}
	defer e.Close()
	if err := p.Ready(""); err != nil {
		return err
	}
	t, err := e.Add(spec)
	if err != nil {
		return err
	}
	if err := t.Wait(p.Context()); err != nil {
		return err
	}
	return p.Done("")
}
