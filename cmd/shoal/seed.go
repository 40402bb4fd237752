package main

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"strings"

	"github.com/shoal-bt/shoal/client"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/shell"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/terminal"
	"github.com/shoal-bt/shoal/diskstore"
)

type seedCommand struct {
	Path   []string `arg:"" help:".torrent files whose content is on disk, or files and folders to make torrents of."`
	Dir    string   `short:"d" default:"." placeholder:"FOLDER" help:"Folder that the content of .torrent files is in (default: the current one)."`
	Output string   `short:"o" placeholder:"FILE" help:"Where to write the torrent of a file or folder (default: NAME.torrent in the current folder)."`
	netFlags
	buildFlags
}

// Help is shown below the usage.
func (seedCommand) Help() string {
	return `Shoal checks the content first and never writes to it. It shares the content until Ctrl-C.

Examples:

    shoal seed some.torrent --dir ~/films
    shoal seed film.mkv --announce http://tracker.example:6969/announce
    shoal seed album/ --listen :6881 -o album.torrent

Without a tracker, others must name this machine: shoal get album.torrent --peer HOST:6881`
}

// Run seeds until ctx is done.
func (cmd seedCommand) Run(ctx context.Context, c *console) error {
	config, peers, err := cmd.config(ctx)
	if err != nil {
		return err
	}
	config.Dir = cmd.Dir
	if config.Announce, err = cmd.announceURLs(); err != nil {
		return err
	}
	if _, err := cmd.builder(c); err != nil {
		return err
	}
	if cmd.Output != "" && len(cmd.Path) > 1 {
		return usageError{errors.New("--output works only with a single file or folder to seed")}
	}
	s, err := openSession(c, config, peers)
	if err != nil {
		return err
	}
	var failed error
	for _, path := range cmd.Path {
		if err := cmd.add(ctx, s, path, peers); err != nil {
			if ctx.Err() != nil {
				failed = ctx.Err()
				break
			}
			c.fail(err)
			failed = reported{err}
		}
	}
	if len(s.items) > 0 && ctx.Err() == nil {
		s.showAddresses()
		s.run(ctx)
	}
	if err := s.close(); err != nil {
		return err
	}
	if failed == nil {
		failed = s.failed()
	}
	return failed
}

// announceURLs returns the announce URLs for .torrent files. Those of torrents that are
// made stand in these.
func (cmd seedCommand) announceURLs() (urls []string, err error) {
	for _, path := range cmd.Path {
		if !isTorrent(path) {
			return nil, nil
		}
	}
	for _, list := range cmd.Announce {
		for u := range strings.SplitSeq(list, ",") {
			if u = strings.TrimSpace(u); u != "" {
				urls = append(urls, u)
			}
		}
	}
	return urls, nil
}

// isTorrent reports whether a path or address is that of a .torrent file.
func isTorrent(path string) bool {
	return strings.HasSuffix(strings.ToLower(path), ".torrent") || path == "-" || strings.Contains(path, "://") ||
		strings.HasPrefix(strings.ToLower(path), "magnet:")
}

// add adds a torrent, or makes one.
func (cmd seedCommand) add(ctx context.Context, s *session, path string, peers []netip.AddrPort) error {
	if st, err := os.Stat(path); isTorrent(path) && (err != nil || !st.IsDir()) {
		var source any = path
		if path == "-" {
			source = s.c.stdin
		}
		// It is paused so that nothing is fetched if not all of it is there.
		t, err := s.client.Add(ctx, source, client.AddOptions{Paused: true, ReadOnly: true, Peers: peers})
		var size *diskstore.SizeError
		if errors.As(err, &size) {
			return advised{err, fmt.Sprintf("The files differ from what the torrent describes.\nSay where the content is with --dir, or list the differences with:\n%s verify %s --dir %s", shell.Program(), shell.Quote(path), shell.Quote(cmd.Dir))}
		}
		if err != nil {
			return err
		}
		i := s.add(t)
		i.seedOnly, i.fromTorrent = true, true
		return nil
	}
	b, err := cmd.builder(s.c)
	if err != nil {
		return err
	}
	m := newMeter(s.c, "hashing "+terminal.Sanitize(path))
	b.Progress = m.set
	t, err := s.client.Seed(ctx, path, client.SeedOptions{Build: b, Add: client.AddOptions{Peers: peers, Paused: true}})
	m.end()
	if err != nil {
		return err
	}
	output := cmd.Output
	if output == "" {
		output = t.Name() + ".torrent"
	}
	meta, err := t.Metainfo()
	if err != nil {
		return err
	}
	wrote, err := saveTorrent(meta, output, cmd.Force)
	if err != nil {
		return errors.Join(err, s.client.Remove(t, client.Keep))
	}
	if wrote {
		s.c.say("Wrote %s.", output)
	} else {
		s.c.say("%s already exists and is the same; nothing was written.", output)
	}
	s.c.emit(createdJSON{"created", output, identify(meta.Info), meta.Info.Pieces(), meta.Info.PieceLength, countFiles(meta.Info)})
	s.add(t).seedOnly = true
	if len(meta.Tiers) == 0 {
		s.c.say("The torrent names no tracker, so others must name this machine, HOST, to get it:\n  %s get %s --peer HOST:%d", shell.Program(), shell.Quote(output), s.client.Addr().Port())
	}
	return nil
}
