package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"sync/atomic"
	"time"

	"github.com/shoal-bt/shoal/client/streaming"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/address"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/advice"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/choosing"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/console"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/message"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/player"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/terminal"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/usage"
	"github.com/shoal-bt/shoal/stream"
)

type streamCommand struct {
	Source string `arg:"" name:"torrent" help:".torrent file, http or https URL of a .torrent file, magnet link, info hash, or - for standard input."`
	choosing.FileFlags
	Open    string   `placeholder:"PROGRAM" help:"Start a program that plays the file, such as mpv or 'mpv --fullscreen'. The address is its last argument, after --."`
	HTTP    string   `name:"http" placeholder:"HOST:PORT" help:"Address to serve at: HOST:PORT, or PORT for this machine alone; 0.0.0.0:PORT is for other machines too (default: this machine alone, and a free port)."`
	Host    []string `placeholder:"NAME" help:"Name by which other machines reach this one; addresses always work. May be given several times, or as a list with commas."`
	Token   string   `placeholder:"TEXT" help:"Secret with which the path of each address begins: 8 letters or more (default: a random one)."`
	NoToken bool     `help:"Leave the secret out: every user of this machine, and with --http others, can read all files."`
	streamFlags
	QuitAfterComplete bool `short:"q" help:"Quit when everything that is wanted is complete and nobody plays it, instead of seeding."`
}

// Help is shown below the usage.
func (streamCommand) Help() string {
	return `Shoal downloads what a player reads before it downloads the rest, so a film starts at once and you can jump to any place. The first address that is printed is that of the file: open it in a player or a browser. The other one is of a page with all files. The addresses work until Ctrl-C.

The file is the one that --select names. Else, or if that names several, it is the largest one that players can play; if there is none, the largest. The files that --select names are downloaded, else this one alone. Others are downloaded as far as somebody plays them. What a former run wanted is still wanted.

Examples:

    shoal stream some.torrent
    shoal stream some.torrent --select '*.flac'
    shoal stream some.torrent --open mpv
    shoal stream "magnet:?xt=urn:btih:..." --temporary
    shoal stream some.torrent --http 0.0.0.0:8080
    shoal stream some.torrent --json | jq -r 'select(.event == "streaming").url'

` + choosing.HelpOnGlobs + `

The exit code is 0 when everything that is wanted is complete, 1 if something failed, and 130 if you pressed Ctrl-C before that.`
}

// Run serves until ctx is done.
func (cmd streamCommand) Run(ctx context.Context, c *console.Console) error {
	choice, err := cmd.Parse(c, []string{cmd.Source})
	if err != nil {
		return err
	}
	v := &viewing{c: c, choice: choice}
	if cmd.Open != "" {
		v.player, err = player.Words(cmd.Open)
		if err != nil {
			return usage.Error{Err: fmt.Errorf("--open: %w", err)}
		}
	}
	if v.handler, err = cmd.handler(c, v); err != nil {
		return err
	}
	listen, err := address.OfServer(cmd.HTTP)
	if err != nil {
		return err
	}
	return cmd.inFolder(c, func() error { return cmd.serve(ctx, v, listen) })
}

// handler returns the server of what is viewed.
func (cmd streamCommand) handler(c *console.Console, v *viewing) (*stream.Handler, error) {
	if cmd.Token != "" && cmd.NoToken {
		return nil, usage.Error{Err: errors.New("--token and --no-token exclude each other; leave one of them out")}
	}
	config := stream.Config{Torrents: v.torrents, Token: cmd.Token, NoToken: cmd.NoToken, Log: c.Log}
	if _, err := stream.New(config); err != nil {
		return nil, usage.Error{Err: fmt.Errorf("--token: %s", message.Of(err))}
	}
	config.Hosts = cmd.Host
	h, err := stream.New(config)
	if err != nil {
		return nil, usage.Error{Err: fmt.Errorf("--host: %s", message.Of(err))}
	}
	return h, nil
}

// serve listens, and downloads the torrent while players read it.
func (cmd streamCommand) serve(ctx context.Context, v *viewing, listen string) error {
	get := cmd.get(cmd.Source)
	config, o, err := get.settings(ctx)
	if err != nil {
		return err
	}
	l, err := net.Listen(address.Network(listen), listen)
	if err != nil {
		return advice.New(err, "Choose another address with --http, where 0 picks a free port.")
	}
	defer l.Close()
	if cmd.NoToken && !address.IsLoopback(l.Addr()) {
		v.c.Warn("everybody who reaches %s can read all files, because of --no-token", l.Addr())
	}
	s, err := openSession(v.c, config, o.Peers)
	if err != nil {
		return err
	}
	playing, stop := context.WithCancel(ctx)
	defer stop()
	v.ctx, v.listener, v.session = playing, l, s
	s.choice, s.ready = v.choice, v.begin
	s.choice.Use = v.choice.ToPlay
	s.quitWhenComplete, s.isUsed = cmd.QuitAfterComplete, v.isUsed
	var serveErr error
	s.until = func() bool { return serveErr != nil }
	served := make(chan struct{})
	go func() {
		defer close(served)
		if err := v.handler.Serve(l); err != nil {
			s.call(func() { serveErr = err })
		}
	}()
	failed := get.add(ctx, s, o)
	if len(s.items) > 0 && !s.aborted {
		s.showAddresses()
		s.run(ctx)
	}
	stop()
	v.handler.Shutdown(playing) // at once, because those who still read wait for what does not come
	err = s.end(ctx, failed)
	<-served
	if v.playing != nil {
		<-v.playing.Ended() // it is killed if it does not end when it is told to
	}
	return cmp.Or(serveErr, err)
}

// viewing is what a command that streams a torrent knows. Only torrents may be called from several
// goroutines.
type viewing struct {
	c        *console.Console
	ctx      context.Context // done when the player is to end
	choice   choosing.Choice
	handler  *stream.Handler
	listener net.Listener
	session  *session
	player   []string // its command; empty for none
	playing  *player.Player
	use      use

	served atomic.Pointer[stream.Torrent] // nil until its metadata is here
}

// torrents returns what the server serves.
func (v *viewing) torrents() []stream.Torrent {
	if t := v.served.Load(); t != nil {
		return []stream.Torrent{*t}
	}
	return nil
}

// streamingJSON is the JSON object of a file that can be played.
type streamingJSON struct {
	Event   string `json:"event"` // "streaming"
	Torrent string `json:"torrent"`
	URL     string `json:"url"`  // of the file
	Path    string `json:"path"` // in the torrent
	Length  int64  `json:"length"`
	Index   string `json:"index"` // URL of the page with all files
}

// begin serves a torrent whose metadata is here, says where, and starts the player.
func (v *viewing) begin(i *item) error {
	t := streaming.New(i.t)
	chosen, err := v.session.wantedFile(i, choosing.BestToPlay)
	if err != nil {
		return err
	}
	file := slices.IndexFunc(t.Files(), func(f stream.File) bool { return f.Path == chosen.Path })
	if file < 0 {
		return choosing.ErrNoFile
	}
	v.served.Store(&t)
	host, isAll := address.OnThisMachine(v.listener.Addr())
	base := "http://" + host
	f := t.Files()[file]
	o := streamingJSON{
		Event:   "streaming",
		Torrent: i.id,
		URL:     v.handler.FileURL(base, t, file),
		Path:    f.Path,
		Length:  f.Length,
		Index:   v.handler.URL(base),
	}
	v.c.Emit(o)
	v.c.Say("Play %s at this address:\n  %s", terminal.Sanitize(f.Path), o.URL)
	v.c.Say("All files are on this page:\n  %s", o.Index)
	if ip, _, err := net.SplitHostPort(host); isAll && err == nil {
		v.c.Say("On other machines, put this machine's address in the place of %s.", ip)
	}
	v.play(i, o.URL)
	return nil
}

// play starts the player, if the user named one. If it fails, the addresses still work.
func (v *viewing) play(i *item, url string) {
	if len(v.player) == 0 {
		return
	}
	warn := func(err error, advice string) { v.session.warnAbout(i, message.Of(err), advice) }
	p, err := player.Start(v.ctx, v.player, url)
	if err != nil {
		warn(err, "Check the name of the program in --open, or open the address yourself.")
		return
	}
	v.playing = p
	go func() {
		if err := p.Err(); err != nil {
			v.session.call(func() { warn(err, "Run it yourself to see what it says, or open the address with another program.") })
		}
	}()
}

// isUsed reports whether somebody plays a file.
func (v *viewing) isUsed() bool {
	isPlaying := false
	if v.playing != nil {
		select {
		case <-v.playing.Ended():
		default:
			isPlaying = true
		}
	}
	for _, i := range v.session.items {
		isPlaying = isPlaying || len(i.t.Readers()) > 0
	}
	return v.use.lasts(time.Now(), isPlaying)
}

// quietTime is how long nobody must have read before --quit-after-complete quits: players close a
// connection before they open the next.
const quietTime = 5 * time.Second

// A use is since when nobody uses the files.
type use struct{ last time.Time }

// lasts reports whether files are in use, or were until a moment ago. isUsed says that they are
// now.
func (u *use) lasts(now time.Time, isUsed bool) bool {
	if isUsed || u.last.IsZero() {
		u.last = now
	}
	return now.Sub(u.last) < quietTime
}
