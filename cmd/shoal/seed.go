package main

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"slices"
	"strings"

	"github.com/shoal-bt/shoal/client"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/advice"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/chooser"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/choosing"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/clientflags"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/console"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/creation"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/shell"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/target"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/terminal"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/torrentsource"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/unsupported"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/usage"
	"github.com/shoal-bt/shoal/diskstore"
	"github.com/shoal-bt/shoal/engine"
	"github.com/shoal-bt/shoal/metainfo"
)

type seedCommand struct {
	Path   []string `arg:"" help:".torrent files whose content is on disk, or files and folders to make torrents of."`
	Dir    string   `short:"d" default:"." placeholder:"FOLDER" help:"Folder that the content of .torrent files is in (default: the current one)."`
	Output string   `short:"o" placeholder:"FILE" help:"Where to write the torrent of a file or folder (default: NAME.torrent in the current folder)."`
	Super  bool     `help:"Show each peer one piece at a time, so that little is sent until others have everything (BEP 16). For a new torrent of which this is the only seed."`
	choosing.FileFlags
	clientflags.Net
	creation.Flags
}

// Help is shown below the usage.
func (seedCommand) Help() string {
	return `Shoal checks the content first and never writes to it. It shares the content until Ctrl-C.

Examples:

    shoal seed some.torrent --dir ~/films
    shoal seed film.mkv --announce http://tracker.example:6969/announce
    shoal seed album/ --listen :6881 -o album.torrent
    shoal seed some.torrent --select '*.flac'

With --select or --choose, or if the command get downloaded only a part, the other files need not be there. They are for .torrent files; for a new torrent use --exclude.

Without a tracker, others find this machine by the DHT. If they do not, they must name it:

    shoal get album.torrent --peer HOST:6881`
}

// Run seeds until ctx is done.
func (cmd seedCommand) Run(ctx context.Context, c *console.Console) error {
	config, peers, err := cmd.Config(ctx)
	if err != nil {
		return err
	}
	config.Dir = cmd.Dir
	choice, err := cmd.Parse(c, cmd.Path)
	if err != nil {
		return err
	}
	isContent := slices.ContainsFunc(cmd.Path, func(path string) bool { return !isTorrent(path) })
	if isContent && cmd.IsSet() {
		return usage.Error{Err: errors.New("--select and --choose choose files of .torrent files; to make a torrent without some files, use --exclude")}
	}
	if cmd.Super {
		config.Engine.Torrent.NewRevealer = engine.NewSuperSeed
	}
	if config.Announce, err = cmd.announceURLs(); err != nil {
		return err
	}
	if _, err := cmd.Options(c.Warn); err != nil {
		return err
	}
	cmd.WarnOfPrivate(c.Warn)
	if cmd.Output != "" && len(cmd.Path) > 1 {
		return usage.Error{Err: errors.New("--output works only with a single file or folder to seed")}
	}
	s, err := openSession(c, config, peers)
	if err != nil {
		return err
	}
	s.choice = choice
	failed := cmd.addAll(ctx, s, peers)
	if len(s.items) > 0 && ctx.Err() == nil && !s.aborted {
		s.showAddresses()
		s.run(ctx)
	}
	if err := s.close(); err != nil {
		return err
	}
	if s.aborted {
		return chooser.ErrAborted
	}
	if failed == nil {
		failed = s.failed()
	}
	return failed
}

// addAll adds what is to be seeded. It reports what cannot be added, and returns an error if there
// is any.
func (cmd seedCommand) addAll(ctx context.Context, s *session, peers []netip.AddrPort) (failed error) {
	for _, path := range cmd.Path {
		err := cmd.add(ctx, s, path, peers)
		switch {
		case err == nil:
		case ctx.Err() != nil:
			return ctx.Err()
		case errors.Is(err, chooser.ErrAborted):
			s.aborted = true
			return nil
		default:
			s.c.Fail(err)
			failed = console.ReportedError{Err: err}
		}
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
		return cmd.addTorrent(ctx, s, path, peers)
	}
	return cmd.addContent(ctx, s, path, peers)
}

// addTorrent adds a torrent whose content is on disk.
func (cmd seedCommand) addTorrent(ctx context.Context, s *session, path string, peers []netip.AddrPort) error {
	meta, err := torrentsource.Read(ctx, s.c, path)
	if err != nil {
		return err
	}
	priorities, err := s.choice.Of(ctx, s.c, meta.Info, s.background(meta.Info, nil))
	if err != nil {
		return err
	}
	// It is paused so that nothing is fetched if not all of it is there.
	o := client.AddOptions{Paused: true, ReadOnly: true, Peers: peers}
	o.Priorities = func(*metainfo.Info) ([]uint8, error) { return priorities, nil } // nil is as before
	t, err := s.client.Add(ctx, meta, o)
	var size *diskstore.SizeError
	if errors.As(err, &size) {
		return advice.New(err, differsAdvice(path, cmd.Dir))
	}
	if err != nil {
		return target.NamingSymlink(cmd.Dir, err)
	}
	i := s.add(t, path)
	i.seedOnly, i.fromTorrent = true, true
	if !hasUsableTracker(t) && len(cmd.Peer) == 0 && !s.findsPeers(i.private) {
		advice := "Others can name this machine with --peer. To use a tracker, name it with --announce URL."
		if s.port() == 0 {
			advice = "Nobody can connect either, because of --listen off. Name a peer with --peer HOST:PORT, or a tracker with --announce URL."
		}
		s.warnAbout(i, unsupported.WhyNoPeers(meta, s.findsLocalPeers(i.private)), advice)
	}
	return nil
}

// differsAdvice says what to do about files that differ from the torrent that a source
// names.
func differsAdvice(source, dir string) string {
	advice := "The files differ from what the torrent describes.\nSay where the content is with --dir"
	if !torrentsource.Nameable(source) {
		return advice + "."
	}
	return advice + ", or list the differences with:\n" + shell.Command("verify", shell.Path(source), shell.Flag("--dir", dir))
}

// addContent makes a torrent of content and adds it.
func (cmd seedCommand) addContent(ctx context.Context, s *session, path string, peers []netip.AddrPort) error {
	b, err := cmd.Options(s.c.Warn)
	if err != nil {
		return err
	}
	if err := cmd.CheckOutput(cmd.Output, path); err != nil {
		return err
	}
	m := console.NewMeter(s.c, "hashing "+terminal.Sanitize(path))
	b.Progress = m.Set
	t, err := s.client.Seed(ctx, path, client.SeedOptions{Build: b, Add: client.AddOptions{Peers: peers, Paused: true}})
	m.End()
	if err != nil {
		return err
	}
	meta, err := t.Metainfo()
	if err != nil {
		return err
	}
	output := cmd.Destination(cmd.Output, t.Name())
	wrote, err := output.Save(ctx, meta, t.Dir())
	if err != nil {
		return errors.Join(err, s.client.Remove(t, client.Keep))
	}
	sayCreated(s.c, meta, output, wrote)
	i := s.add(t, output.Path)
	i.seedOnly = true
	if !hasUsableTracker(t) {
		cmd.sayHowToGet(s, i, meta, output.Path)
	}
	return nil
}

// sayHowToGet says how others get a torrent, in a file, that has no tracker which Shoal can use.
func (cmd seedCommand) sayHowToGet(s *session, i *item, meta *metainfo.Torrent, file string) {
	if len(unsupported.Features(meta)) > 0 && !s.findsPeers(i.private) {
		s.warnAbout(i, unsupported.WhyNoPeers(meta, s.findsLocalPeers(i.private)), "")
	}
	port := s.port()
	get := shell.Command("get", shell.Path(file))
	getFromHere := shell.Command("get", shell.Path(file), shell.Flag("--peer", fmt.Sprintf("HOST:%d", port)))
	switch {
	case port != 0 && s.findsPeers(i.private):
		s.c.Say("There is no tracker that Shoal can use, so others find it by the DHT:\n  %s\nIf they do not, they must name this machine, HOST:\n  %s", get, getFromHere)
	case s.findsPeers(i.private):
		s.warnAbout(i, "nobody can connect, because --listen is off, so it is shared only with peers that Shoal finds by the DHT", "Leave --listen out, so that others find it.")
	case port != 0 && s.findsLocalPeers(i.private):
		s.c.Say("Without a tracker that Shoal can use, others find it on the local network alone. Elsewhere they must name this machine, HOST, to get it:\n  %s", getFromHere)
	case port != 0:
		s.c.Say("Without a tracker that Shoal can use, others must name this machine, HOST, to get it:\n  %s", getFromHere)
	case len(cmd.Peer) == 0:
		s.warnAbout(i, "nobody can get it, because --listen is off and there is no tracker that Shoal can use", "Leave --listen out, or name a peer with --peer HOST:PORT.")
	}
}

// port returns the port that peers can connect to; 0 for none.
func (s *session) port() uint16 { return s.client.Addr().Port() }
