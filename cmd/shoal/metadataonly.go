package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"github.com/shoal-bt/shoal/client"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/console"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/destination"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/torrentsource"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/usage"
	"github.com/shoal-bt/shoal/metainfo"
	"github.com/shoal-bt/shoal/swarm"
)

// noStorage stores nothing, and makes no file.
type noStorage struct{}

func (noStorage) ReadAt([]byte, int64) (int, error)  { return 0, fs.ErrNotExist }
func (noStorage) WriteAt([]byte, int64) (int, error) { return 0, fs.ErrPermission }
func (noStorage) Close() error                       { return nil }

// metadataConfig changes the settings of a client that gets metadata and no content.
func metadataConfig(config *client.Config) {
	config.NewStorage = func(*metainfo.Torrent, string) (swarm.Storage, error) { return noStorage{}, nil }
}

// keepMetadata writes the .torrent files of links.
func (cmd getCommand) keepMetadata(ctx context.Context, c *console.Console, config client.Config, o client.AddOptions) error {
	if cmd.Output != "" && len(cmd.Torrent) > 1 {
		return usage.Error{Err: errors.New("--output works only with a single torrent")}
	}
	stdout, toStdout := c.Stdout, cmd.Output == "-" || isStdout(c, cmd.Output)
	if toStdout { // what is said must not get between the bytes
		c = console.New(c.Stdin, c.Stderr, c.Stderr)
	}
	d := destination.Destination{Path: cmd.Output, Force: cmd.Force}
	if cmd.Output != "" && !toStdout {
		err := d.CheckAlone()
		if err != nil {
			return err
		}
	}
	metadataConfig(&config)
	s, err := openSession(c, config, o.Peers)
	if err != nil {
		return err
	}
	o.MetadataOnly = true
	err = cmd.keepEach(ctx, s, o, func(t *metainfo.Torrent) error {
		if toStdout {
			return t.Write(stdout)
		}
		d := d
		if d.Path == "" {
			d.Path = destination.Named(t.Info.Name)
		}
		wrote, err := d.Save(ctx, t, config.Dir)
		if err == nil {
			sayCreated(c, t, d, wrote)
		}
		return err
	})
	s.quiet = true
	return errors.Join(err, s.close())
}

// keepEach gets each torrent and calls keep with it.
func (cmd getCommand) keepEach(ctx context.Context, s *session, o client.AddOptions, keep func(*metainfo.Torrent) error) error {
	for _, name := range cmd.Torrent {
		link, err := torrentsource.ParseLink(s.c, name)
		if err != nil {
			return err
		}
		if link == nil {
			t, err := torrentsource.Read(ctx, s.c, name)
			if err == nil {
				err = keep(t)
			}
			if err != nil {
				return err
			}
			continue
		}
		i, err := cmd.addLink(ctx, s, link, name, o)
		if err != nil {
			return err
		}
		s.until = func() bool { return !i.link }
		s.run(ctx)
		if err := ctx.Err(); err != nil {
			return err
		}
		if i.err != nil {
			return console.ReportedError{Err: i.err}
		}
		meta, err := i.t.Metainfo()
		if err == nil {
			err = keep(meta)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", i.name, err)
		}
	}
	return nil
}
