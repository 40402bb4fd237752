package main

import (
	"context"

	"github.com/shoal-bt/shoal/cmd/shoal/internal/console"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/description"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/terminal"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/torrentsource"
)

type magnetCommand struct {
	Torrent []string `arg:"" help:".torrent files, http or https URLs of .torrent files, or - for standard input."`
}

// Help is shown below the usage.
func (magnetCommand) Help() string {
	return `The link has the info hashes, the name, the length, the trackers and the web seeds of the torrent. Announce URLs are complete, so they may have a passkey.

Examples:

    shoal magnet some.torrent
    shoal magnet --json some.torrent | jq -r .magnet`
}

// magnetJSON is the JSON object of a link.
type magnetJSON struct {
	Event string `json:"event"` // "magnet"
	identity
	Magnet string `json:"magnet"`
}

// Run prints a link to each torrent.
func (cmd magnetCommand) Run(ctx context.Context, c *console.Console) error {
	for _, name := range cmd.Torrent {
		t, err := torrentsource.Read(ctx, c, name)
		if err != nil {
			return err
		}
		if t.Info.Private {
			c.Warn("%s: the torrent is private, and the link may have your passkey; do not publish it", terminal.Sanitize(t.Info.Name))
		}
		link := t.Magnet().String()
		c.Emit(magnetJSON{"magnet", description.Identify(t.Info), link})
		c.Say("%s", link)
	}
	return nil
}
