package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/shoal-bt/shoal/client"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/address"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/chooser"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/choosing"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/clientflags"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/console"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/target"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/torrentsource"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/unsupported"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/usage"
	"github.com/shoal-bt/shoal/metainfo"
)

type getCommand struct {
	Torrent []string `arg:"" help:".torrent files, http or https URLs of .torrent files, magnet links, info hashes, or - for standard input."`
	Dir     string   `short:"d" default:"." placeholder:"FOLDER" help:"Folder to download to (default: the current one)."`
	choosing.FileFlags
	Sequential bool `help:"Download pieces in order, so that a file can be used while the rest is downloaded."`
	FirstLast  bool `help:"Download the first and the last piece of each file first: players need them to show a film."`
	clientflags.Disk
	clientflags.Net
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

` + choosing.HelpOnGlobs + `

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
func (cmd getCommand) Run(ctx context.Context, c *console.Console) error {
	config, options, err := cmd.settings(ctx)
	if err != nil {
		return err
	}
	choice, err := cmd.Parse(c, cmd.Torrent)
	if err != nil {
		return err
	}
	if cmd.MetadataOnly {
		if cmd.IsSet() {
			return usage.Error{Err: errors.New("--metadata-only downloads no files, so --select and --choose choose none; leave them out")}
		}
		return cmd.keepMetadata(ctx, c, config, options)
	}
	if cmd.Output != "" || cmd.Force {
		return usage.Error{Err: errors.New("--output and --force work only with --metadata-only")}
	}
	s, err := openSession(c, config, options.Peers)
	if err != nil {
		return err
	}
	s.quitWhenComplete, s.choice = cmd.QuitAfterComplete, choice
	failed := cmd.add(ctx, s, options)
	if len(s.items) > 0 && !s.aborted {
		s.showAddresses()
		s.run(ctx)
	}
	return s.end(ctx, failed)
}

// settings returns the settings of the client and of its torrents.
func (cmd getCommand) settings(ctx context.Context) (config client.Config, o client.AddOptions, err error) {
	config, o.Peers, err = cmd.Config(ctx)
	if err != nil {
		return config, o, err
	}
	config.Dir, config.Announce = cmd.Dir, cmd.Announce
	if config.Disk, err = cmd.Options(); err != nil {
		return config, o, err
	}
	for _, u := range cmd.Announce {
		if err := address.CheckURL(u, "http", "https", "udp"); err != nil {
			return config, o, usage.Error{Err: fmt.Errorf("--announce: %w", err)}
		}
	}
	o.Recheck, o.Overwrite, o.Sequential, o.FirstLast = cmd.Recheck, cmd.Overwrite, cmd.Sequential, cmd.FirstLast
	return config, o, nil
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
	priorities, err := s.choice.Of(ctx, s.c, meta.Info, s.background(meta.Info, nil))
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
		if err := s.begin(i); err != nil {
			s.fail(i, errors.Join(err, i.t.Pause()))
		}
	}
	return nil
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
