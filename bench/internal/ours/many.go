package ours

import (
	"fmt"
	"net"
	"os"
	"path/filepath"

	"github.com/shoal-bt/shoal/bench/internal/child"
	"github.com/shoal-bt/shoal/client"
	"github.com/shoal-bt/shoal/metainfo"
	"github.com/shoal-bt/shoal/swarm"
	"github.com/shoal-bt/shoal/trackerserver"
)

// Record adds all torrents of a folder, whose content is in dir, once, on trust, so
// that there are records to start from.
func Record(p *child.Parent, torrents, dir, state string) error {
	if err := p.Ready(""); err != nil {
		return err
	}
	c, err := start(p, torrents, dir, state, client.AddOptions{Trust: true}, client.Config{NewSources: nobody})
	if err != nil {
		return err
	}
	if err := c.Close(); err != nil {
		return err
	}
	return p.Done("")
}

// Many starts a client with all torrents of a folder from their records, and seeds
// until the parent has enough.
func Many(p *child.Parent, torrents, dir, state string) error {
	if err := p.Ready(""); err != nil {
		return err
	}
	c, err := start(p, torrents, dir, state, client.AddOptions{}, client.Config{})
	if err != nil {
		return err
	}
	defer c.Close()
	return p.Done("")
}

// start returns a client that seeds all torrents of a folder.
func start(p *child.Parent, torrents, dir, state string, o client.AddOptions, config client.Config) (*client.Client, error) {
	names, err := os.ReadDir(torrents)
	if err != nil {
		return nil, err
	}
	config.Dir, config.State, config.Listen = dir, state, "127.0.0.1:0"
	c, err := client.New(config)
	if err != nil {
		return nil, err
	}
	for _, n := range names {
		if _, err := c.Add(p.Context(), filepath.Join(torrents, n.Name()), o); err != nil {
			c.Close()
			return nil, err
		}
	}
	if s := c.Stats(); s.Complete != len(names) {
		c.Close()
		return nil, fmt.Errorf("%d of %d torrents are complete", s.Complete, len(names))
	}
	return c, nil
}

// nobody is no source of peers.
func nobody(*metainfo.Torrent) ([]swarm.PeerSource, error) { return nil, nil }

// Track runs a tracker. It says where, and then, for each line of the parent, how
// many announces it had.
func Track(p *child.Parent) error {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	s := trackerserver.New(trackerserver.Config{MaxSwarms: -1})
	served := make(chan error, 1)
	go func() { served <- s.Serve(p.Context(), l) }()
	if err := p.Say("ready", l.Addr().String()); err != nil {
		return err
	}
	for {
		if _, err := p.Hear(); err != nil {
			return <-served
		}
		if err := p.Say("announces", fmt.Sprint(s.Stats().Announces)); err != nil {
			return err
		}
	}
}
