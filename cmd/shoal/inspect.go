package main

import (
	"context"
	"strings"

	"github.com/shoal-bt/shoal/cmd/shoal/internal/advice"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/console"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/description"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/torrentsource"
	"github.com/shoal-bt/shoal/metainfo"
)

type inspectCommand struct {
	Torrent []string `arg:"" help:".torrent files, http or https URLs of .torrent files, magnet links, or - for standard input."`
	Files   bool     `help:"Show the files alone, with the numbers that --select of get takes."`
}

// Help is shown below the usage.
func (inspectCommand) Help() string {
	return `No content is downloaded. Only this command and "shoal magnet" show complete announce URLs, including passkeys.

Examples:

    shoal inspect some.torrent
    shoal inspect --files some.torrent
    shoal inspect --json some.torrent | jq .files
    shoal inspect https://example.com/some.torrent
    shoal inspect "magnet:?xt=urn:btih:..."`
}

// An identity is what names a torrent.
type identity = description.Identity

// Run shows the torrents.
func (cmd inspectCommand) Run(ctx context.Context, c *console.Console) error {
	for i, name := range cmd.Torrent {
		if err := ctx.Err(); err != nil {
			return err
		}
		if i > 0 {
			c.Say("")
		}
		if strings.HasPrefix(strings.ToLower(name), "magnet:") {
			m, err := metainfo.ParseMagnet(name)
			if err != nil {
				return advice.New(err, torrentsource.LinkAdvice)
			}
			if cmd.Files {
				return torrentsource.LinkOnly(name)
			}
			v := description.OfMagnet(m)
			c.Emit(v)
			v.Show(c.Say)
			continue
		}
		t, err := torrentsource.Load(ctx, c, name)
		if err != nil {
			return err
		}
		v := description.OfTorrent(t)
		c.Emit(v)
		if cmd.Files {
			v.ShowFiles(c.Say)
		} else {
			v.Show(c.Say)
		}
	}
	return nil
}
