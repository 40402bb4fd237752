package main

import (
	"context"
	"errors"

	"github.com/shoal-bt/shoal/cmd/shoal/internal/advice"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/console"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/dhttool"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/torrentsource"
	"github.com/shoal-bt/shoal/metainfo"
)

// dhtProgram returns what the commands of package dhttool need.
func dhtProgram(c *console.Console) *dhttool.Program {
	return &dhttool.Program{
		Say:        c.Say,
		Emit:       c.Emit,
		Warn:       c.Warn,
		Stdin:      c.Stdin,
		Stdout:     c.Stdout,
		IsTerminal: c.IsLive,
		IsJSON:     c.IsJSON,
		Link:       func(ctx context.Context, source string) (*metainfo.Magnet, error) { return publicLink(ctx, c, source) },
	}
}

// publicLink returns the link that a source is, or a link to the torrent of a .torrent file.
// Private torrents must not be shown to the DHT (https://www.bittorrent.org/beps/bep_0027.html).
func publicLink(ctx context.Context, c *console.Console, source string) (*metainfo.Magnet, error) {
	link, err := torrentsource.ParseLink(c, source)
	if err != nil || link != nil {
		return link, err
	}
	t, err := torrentsource.Read(ctx, c, source)
	if err != nil {
		return nil, err
	}
	if t.Info.Private {
		return nil, advice.New(errors.New("the torrent is private, so the DHT must not learn of it"), "Ask its tracker with the command scrape.")
	}
	return t.Magnet(), nil
}
