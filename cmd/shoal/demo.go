package main

import (
	"context"
	"errors"
	"time"

	"github.com/shoal-bt/shoal/client"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/console"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/demonstration"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/quantity"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/usage"
)

type demoCommand struct {
	Size quantity.Bytes `default:"256MiB" placeholder:"SIZE" help:"Length of the sample (default: 256MiB)."`
	Dir  string         `short:"d" placeholder:"FOLDER" help:"Where to make the temporary folder (default: the system's folder for temporary files)."`
	Keep bool           `short:"k" help:"Keep the temporary folder."`
}

// Help is shown below the usage.
func (demoCommand) Help() string {
	return `The demo makes a sample of many files in a temporary folder, starts a tracker and a seeder, downloads the sample over TCP on this machine, compares every byte and deletes the folder, even after Ctrl-C.

Examples:

    shoal demo
    shoal demo --size 2GiB --dir /media/disk
    shoal demo --size 16MiB --keep`
}

// Run is the demo.
func (cmd demoCommand) Run(ctx context.Context, c *console.Console) error {
	if cmd.Size < 1<<10 {
		return usage.Error{Err: errors.New("--size: the sample must have at least 1KiB")}
	}
	d := demonstration.Demo{
		Console: c,
		Size:    int64(cmd.Size),
		Parent:  cmd.Dir,
		Keep:    cmd.Keep,
		Version: version,
		Download: func(ctx context.Context, config client.Config, torrent string) (time.Duration, error) {
			return downloadQuietly(ctx, c, config, torrent)
		},
	}
	return d.Run(ctx)
}

// downloadQuietly downloads a .torrent file until it is complete, and shows no more than how
// far that is. It returns how long the download took.
func downloadQuietly(ctx context.Context, c *console.Console, config client.Config, torrent string) (time.Duration, error) {
	s, err := openSession(c, config, nil)
	if err != nil {
		return 0, err
	}
	s.quitWhenComplete, s.quiet = true, true
	t, err := s.client.Add(ctx, torrent)
	if err != nil {
		return 0, errors.Join(err, s.client.Close())
	}
	i := s.add(t, "")
	s.run(ctx)
	err = s.close()
	if err == nil {
		err = s.failed()
	}
	if err == nil {
		err = ctx.Err()
	}
	return i.took, err
}
