package ours

import (
	"net"

	"github.com/shoal-bt/shoal/bench/internal/child"
	"github.com/shoal-bt/shoal/engine"
)

// Seed seeds what is in dir until the parent has enough. It says where.
func Seed(p *child.Parent, listen, torrent, dir string) error {
	spec, err := open(torrent, dir)
	if err != nil {
		return err
	}
	spec.Have = all(spec.Geometry.Pieces())
	l, err := net.Listen("tcp", listen)
	if err != nil {
		return err
	}
	e, err := engine.New(seeding(l))
	if err != nil {
		return err
	}
	defer e.Close()
	if _, err := e.Add(spec); err != nil {
		return err
	}
	if err := p.Say("ready", l.Addr().String()); err != nil {
		return err
	}
	p.Rest()
	return nil
}
