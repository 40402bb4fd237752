package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"strings"

	"github.com/shoal-bt/shoal/client"
)

// netFlags are the flags of commands that talk to peers.
type netFlags struct {
	Peer     []string `short:"p" placeholder:"HOST:PORT" help:"Peer to connect to. May be given several times, or with commas."`
	Listen   string   `short:"l" placeholder:"ADDRESS" help:"HOST:PORT, :PORT or PORT to accept peers at, or off (default: a free port, kept over restarts)."`
	State    string   `placeholder:"FOLDER" help:"Where to remember what is there, or off (default: shoal in your folder for settings)."`
	MaxPeers int      `placeholder:"N" help:"Connections of a torrent (default: 80; --max-peers=-1 for no limit)."`
}

// config returns the client's settings and the peers.
func (f netFlags) config(ctx context.Context) (config client.Config, peers []netip.AddrPort, err error) {
	if config.Listen, err = listenAddress(f.Listen); err != nil {
		return config, nil, err
	}
	config.State = f.State
	config.Engine.Torrent.MaxPeers = f.MaxPeers
	for _, text := range f.Peer {
		if text = strings.TrimSpace(text); text == "" {
			continue
		}
		if _, _, err := net.SplitHostPort(text); err != nil {
			return config, nil, usageError{fmt.Errorf("--peer: %q is no HOST:PORT", text)}
		}
		found, err := client.LookupPeer(ctx, text)
		if err != nil {
			return config, nil, err
		}
		peers = append(peers, found...)
	}
	return config, peers, nil
}

type getCommand struct {
	Torrent []string `arg:"" help:".torrent files, http or https addresses of such, or - for standard input."`
	Dir     string   `short:"d" default:"." placeholder:"FOLDER" help:"Folder to download to (default: the current one)."`
	netFlags
	Announce          []string `placeholder:"URL" help:"Trackers to ask besides those of the torrents, but for private ones."`
	QuitAfterComplete bool     `short:"q" help:"Leave when everything is complete, and do not seed on."`
	Recheck           bool     `help:"Check everything that is on disk first, whatever is remembered."`
	Overwrite         bool     `help:"Write to files that exist and that Shoal did not make."`
}

// Help is shown below the usage.
func (getCommand) Help() string {
	return `What is complete is shared until Ctrl-C. After Ctrl-C, or a crash, the same command goes on where it stopped.

Examples:

    shoal get some.torrent
    shoal get some.torrent other.torrent --dir ~/films --quit-after-complete
    shoal get https://example.com/some.torrent --peer 192.0.2.7:6881
    shoal get some.torrent --json | jq .

The exit code is 0 when everything is complete, 1 if something failed, 130 if Ctrl-C came before.`
}

// Run downloads until all is complete or ctx is done.
func (cmd getCommand) Run(ctx context.Context, c *console) (err error) {
	config, peers, err := cmd.config(ctx)
	if err != nil {
		return err
	}
	config.Dir, config.Announce = cmd.Dir, cmd.Announce
	for _, u := range cmd.Announce {
		if err := checkURL(u, "http", "https"); err != nil {
			return usageError{fmt.Errorf("--announce: %w", err)}
		}
	}
	s, err := openSession(c, config, peers)
	if err != nil {
		return err
	}
	s.quitWhenComplete = cmd.QuitAfterComplete
	failed := cmd.add(ctx, s, client.AddOptions{Peers: peers, Recheck: cmd.Recheck, Overwrite: cmd.Overwrite})
	if len(s.items) > 0 {
		s.showAddresses()
		s.run(ctx)
	}
	if err := s.close(); err != nil {
		return err
	}
	if failed == nil {
		failed = s.failed()
	}
	if failed == nil && !s.complete() {
		return ctx.Err()
	}
	return failed
}

// add adds the torrents. It tells of those that cannot be added, and returns an
// error for them.
func (cmd getCommand) add(ctx context.Context, s *session, o client.AddOptions) (failed error) {
	for _, name := range cmd.Torrent {
		var source any = name
		if name == "-" {
			source = s.c.stdin
		} else if st, err := os.Stat(name); err == nil && st.IsDir() {
			s.c.fail(advised{fmt.Errorf("%s is a folder, not a .torrent file", name),
				fmt.Sprintf("To share it: %s seed %s", program(), quote(name))})
			failed = reported{errors.New("not a torrent")}
			continue
		}
		t, err := s.client.Add(ctx, source, o)
		switch {
		case err != nil && ctx.Err() != nil:
			return ctx.Err()
		case err != nil:
			s.c.fail(err)
			failed = reported{err}
		default:
			i := s.add(t)
			if len(t.Trackers()) == 0 && len(o.Peers) == 0 {
				s.warnOnce(i, "the torrent names no tracker, so nobody will be found: name peers with --peer HOST:PORT, or a tracker with --announce URL")
			}
		}
	}
	return failed
}
