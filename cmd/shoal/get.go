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
	"github.com/shoal-bt/shoal/cmd/shoal/internal/address"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/chooser"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/console"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/discovery"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/target"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/torrentsource"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/unsupported"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/usage"
	"github.com/shoal-bt/shoal/diskstore"
	"github.com/shoal-bt/shoal/engine"
	"github.com/shoal-bt/shoal/metainfo"
	"github.com/shoal-bt/shoal/protocol/choking"
)

// netFlags are the flags of commands that talk to peers.
type netFlags struct {
	Peer     []string `short:"p" placeholder:"HOST:PORT" help:"Peer to connect to. May be given several times, or as a list with commas."`
	Listen   string   `short:"l" placeholder:"ADDRESS" help:"Address to accept peers at: HOST:PORT, :PORT or PORT; or off (default: a free port, and the same one after a restart)."`
	State    string   `placeholder:"FOLDER" help:"Folder for what Shoal remembers between runs, or off (default: shoal in your configuration folder)."`
	MaxPeers int      `placeholder:"N" help:"Maximum number of connections per torrent (default: 80; --max-peers=-1 for no limit)."`
	NoPex    bool     `help:"Do not exchange addresses of other peers with peers."`
	discovery.Flags
	Choker string `placeholder:"POLICY" help:"Whom to upload to: tit-for-tat, by-rate, fastest-upload, round-robin or anti-leech (default: tit-for-tat)."`
}

// config returns the client's settings and the peers.
func (f netFlags) config(ctx context.Context) (config client.Config, peers []netip.AddrPort, err error) {
	if config.Listen, err = address.OfPeers(f.Listen); err != nil {
		return config, nil, err
	}
	config.State, config.NoPEX = f.State, f.NoPex
	config.Engine.Torrent.MaxPeers = f.MaxPeers
	if err = f.setChoker(&config.Engine.Torrent); err != nil {
		return config, nil, err
	}
	if err = f.Apply(&config); err != nil {
		return config, nil, err
	}
	for _, text := range f.Peer {
		if text = strings.TrimSpace(text); text == "" {
			continue
		}
		if _, _, err := net.SplitHostPort(text); err != nil {
			return config, nil, usage.Error{Err: fmt.Errorf("--peer: %q is not HOST:PORT, such as 192.0.2.7:6881", text)}
		}
		found, err := client.LookupPeer(ctx, text)
		if err != nil {
			return config, nil, err
		}
		peers = append(peers, found...)
	}
	return config, peers, nil
}

// setChoker has the torrents upload by the policy that --choker names.
func (f netFlags) setChoker(config *engine.TorrentConfig) (err error) {
	if f.Choker == "" {
		return nil
	}
	config.NewChoker, err = choking.ByName(f.Choker)
	if err != nil {
		return usage.Error{Err: fmt.Errorf("--choker: there is no policy %q; give one of %s", f.Choker, strings.Join(choking.Policies(), ", "))}
	}
	return nil
}

type getCommand struct {
	Torrent []string `arg:"" help:".torrent files, http or https URLs of .torrent files, magnet links, info hashes, or - for standard input."`
	Dir     string   `short:"d" default:"." placeholder:"FOLDER" help:"Folder to download to (default: the current one)."`
	chooseFlags
	Sequential    bool   `help:"Download pieces in order, so that a file can be used while the rest is downloaded."`
	FirstLast     bool   `help:"Download the first and the last piece of each file first: players need them to show a film."`
	Allocate      string `placeholder:"HOW" help:"How files get their space on disk: none (as they grow), sparse (their length at once, space as it is needed) or full (all space at once) (default: sparse)."`
	Suffix        string `placeholder:"TEXT" help:"End the names of files with this while they are incomplete, such as .part."`
	IncompleteDir string `placeholder:"FOLDER" help:"Folder for files while they are incomplete. It must be on the same file system as --dir."`
	netFlags
	Announce          []string `placeholder:"URL" help:"More trackers to announce to. Private torrents use only their own."`
	QuitAfterComplete bool     `short:"q" help:"Quit when everything that is wanted is complete, instead of seeding."`
	Recheck           bool     `help:"Check all data on disk first, instead of trusting what Shoal remembers."`
	MetadataOnly      bool     `help:"Only get the .torrent file of a magnet link, and no content."`
	Output            string   `short:"o" placeholder:"FILE" help:"Where --metadata-only writes it (default: NAME.torrent in the current folder; - for standard output)."`
	Force             bool     `short:"f" help:"Let --metadata-only replace an existing .torrent file."`
	Overwrite         bool     `help:"Allow Shoal to overwrite existing files that it did not make."`
}

// Help is shown below the usage.
func (getCommand) Help() string {
	return `A complete torrent is shared until Ctrl-C. After Ctrl-C or a crash, run the same command again: it continues where it stopped.

Examples:

    shoal get some.torrent
    shoal get some.torrent other.torrent --dir ~/films --quit-after-complete
    shoal get https://example.com/some.torrent --peer 192.0.2.7:6881
    shoal get "magnet:?xt=urn:btih:..."
    shoal get "magnet:?xt=urn:btih:..." --metadata-only -o some.torrent
    shoal get some.torrent --select '*.flac' --select '!demo*'
    shoal get some.torrent --choose
    shoal get some.torrent --json | jq .

` + helpOnSelect + `

Files that are not wanted are not made. The next run remembers what was wanted, and --select changes it: '**' is everything.

While a single torrent downloads, a terminal shows a map of its pieces. Each character stands for an equal share of them, and says how many of those pieces are here:

    █ or #   all
    ▓ or +   two thirds or more
    ▒ or =   one third or more
    ░ or -   fewer
    · or .   none

The exit code is 0 when everything that is wanted is complete, 1 if something failed, and 130 if you pressed Ctrl-C before that.`
}

// Run downloads until all is complete or ctx is done.
func (cmd getCommand) Run(ctx context.Context, c *console.Console) (err error) {
	config, peers, err := cmd.config(ctx)
	if err != nil {
		return err
	}
	config.Dir, config.Announce = cmd.Dir, cmd.Announce
	if config.Disk, err = cmd.diskOptions(); err != nil {
		return err
	}
	choice, err := cmd.parse(c, cmd.Torrent)
	if err != nil {
		return err
	}
	for _, u := range cmd.Announce {
		if err := address.CheckURL(u, "http", "https", "udp"); err != nil {
			return usage.Error{Err: fmt.Errorf("--announce: %w", err)}
		}
	}
	options := client.AddOptions{
		Peers:      peers,
		Recheck:    cmd.Recheck,
		Overwrite:  cmd.Overwrite,
		Sequential: cmd.Sequential,
		FirstLast:  cmd.FirstLast,
	}
	if cmd.MetadataOnly {
		if cmd.isSet() {
			return usage.Error{Err: errors.New("--metadata-only downloads no files, so --select and --choose choose none; leave them out")}
		}
		return cmd.keepMetadata(ctx, c, config, options)
	}
	if cmd.Output != "" || cmd.Force {
		return usage.Error{Err: errors.New("--output and --force work only with --metadata-only")}
	}
	s, err := openSession(c, config, peers)
	if err != nil {
		return err
	}
	s.quitWhenComplete, s.choice = cmd.QuitAfterComplete, choice
	failed := cmd.add(ctx, s, options)
	if len(s.items) > 0 && !s.aborted {
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
	if failed == nil && !s.complete() {
		return ctx.Err()
	}
	return failed
}

// add adds the torrents. It reports those that cannot be added, and returns an
// error if there are any.
func (cmd getCommand) add(ctx context.Context, s *session, o client.AddOptions) (failed error) {
	goal := target.New(cmd.Dir, s.config.Disk)
	s.admit = func(i *item) error {
		meta, err := i.t.Metainfo()
		if err == nil {
			cmd.warnOfSources(s, i, meta)
			r := s.recorded(meta.Info)
			r.Priorities = i.priorities(meta.Info)
			err = goal.Admit(meta.Info, r)
		}
		return err
	}
	for _, name := range cmd.Torrent {
		err := cmd.addOne(ctx, s, goal, name, o)
		switch {
		case err != nil && ctx.Err() != nil:
			return ctx.Err()
		case errors.Is(err, chooser.ErrAborted):
			s.aborted = true
			return nil
		case err != nil:
			s.c.Fail(target.NamingSymlink(cmd.Dir, err))
			failed = console.ReportedError{Err: err}
		}
	}
	return failed
}

// addOne adds the torrent of one name.
func (cmd getCommand) addOne(ctx context.Context, s *session, goal *target.Target, name string, o client.AddOptions) error {
	link, err := torrentsource.ParseLink(s.c, name)
	if err != nil {
		return err
	}
	if link != nil {
		_, err := cmd.addLink(ctx, s, link, name, o)
		return err
	}
	meta, err := torrentsource.Read(ctx, s.c, name)
	if err != nil {
		return err
	}
	r := s.recorded(meta.Info)
	priorities, err := s.choice.of(ctx, s.c, meta.Info, background{before: r.Priorities})
	if err != nil {
		return err
	}
	o.Priorities = func(*metainfo.Info) ([]uint8, error) { return priorities, nil } // nil is as before
	if priorities != nil {
		r.Priorities = priorities
	}
	if err := nameTorrent(meta, goal.Admit(meta.Info, r)); err != nil {
		return err
	}
	t, err := s.client.Add(ctx, meta, o)
	if errors.Is(err, client.ErrDuplicate) && t != nil {
		if i := s.byID[t.ID()]; i != nil && i.fromLink { // whose fetch was quicker
			_, err = cmd.addLink(ctx, s, meta.Magnet(), name, o)
		}
	}
	if err != nil {
		return err
	}
	if i := s.add(t, name); !i.fromLink {
		cmd.warnOfSources(s, i, meta)
	}
	return nil
}

// allocations are the values of --allocate.
var allocations = map[string]diskstore.Allocation{
	"":       diskstore.AllocateSparse,
	"none":   diskstore.AllocateNone,
	"sparse": diskstore.AllocateSparse,
	"full":   diskstore.AllocateFull,
}

// diskOptions returns how files are made.
func (cmd getCommand) diskOptions() (o diskstore.Options, err error) {
	how, ok := allocations[cmd.Allocate]
	switch {
	case !ok:
		return o, usage.Error{Err: fmt.Errorf("--allocate: %q is not one of none, sparse and full", cmd.Allocate)}
	case cmd.IncompleteDir != "" && isNotFolder(cmd.IncompleteDir):
		return o, usage.Error{Err: fmt.Errorf("--incomplete-dir: %s is not a folder", cmd.IncompleteDir)}
	case strings.ContainsAny(cmd.Suffix, "/\\\x00"):
		return o, usage.Error{Err: fmt.Errorf("--suffix: %q cannot end a name; give one such as .part", cmd.Suffix)}
	}
	return diskstore.Options{Allocate: how, Suffix: cmd.Suffix, IncompleteDir: cmd.IncompleteDir}, nil
}

// isNotFolder reports whether something else than a folder is at a path.
func isNotFolder(path string) bool {
	st, err := os.Stat(path)
	return err == nil && !st.IsDir()
}

// nameTorrent names a torrent in an error about it.
func nameTorrent(meta *metainfo.Torrent, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", meta.Info.Name, err)
}

// warnOfSources warns if nobody can name peers of a torrent, or if trackers that the user
// named are not used.
func (cmd getCommand) warnOfSources(s *session, i *item, meta *metainfo.Torrent) {
	private := meta.Info.Private
	if private && len(cmd.Announce) > 0 {
		s.warnAbout(i, "the torrent is private, so the trackers of --announce are not used", "")
	}
	if hasUsableTracker(i.t) || len(cmd.Peer) > 0 || i.namesPeers || s.findsPeers(private) {
		return
	}
	advice := askAdvice
	if private {
		advice = "Name a peer with --peer HOST:PORT."
	}
	s.warnAbout(i, unsupported.WhyNoPeers(meta, s.findsLocalPeers(private)), advice)
}
