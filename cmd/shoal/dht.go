package main

import (
	"context"
	"errors"

	"github.com/shoal-bt/shoal/cmd/shoal/internal/advice"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/dhttool"
	"github.com/shoal-bt/shoal/swarm"
)

// dhtProgram returns what the commands of package dhttool need.
func dhtProgram(c *console) *dhttool.Program {
	return &dhttool.Program{
		Say:        c.say,
		Emit:       c.emit,
		Warn:       c.warn,
		Stdin:      c.stdin,
		Stdout:     c.stdout,
		IsTerminal: c.live,
		IsJSON:     c.json,
		Hashes:     func(ctx context.Context, source string) ([]swarm.ID, error) { return publicHashes(ctx, c, source) },
	}
}

// publicHashes returns the swarms of a .torrent file, a magnet link or an info hash. Those of
// a private torrent must not be shown to the DHT (https://www.bittorrent.org/beps/bep_0027.html).
func publicHashes(ctx context.Context, c *console, source string) ([]swarm.ID, error) {
	link, err := parseLink(c, source)
	if err != nil {
		return nil, err
	}
	if link != nil {
		return link.IDs(), nil
	}
	t, err := readTorrent(ctx, c, source)
	if err != nil {
		return nil, err
	}
	if t.Info.Private {
		return nil, advice.New(errors.New("the torrent is private, so the DHT must not learn of it"), "Ask its tracker with the command scrape.")
	}
	return t.IDs(), nil
}
