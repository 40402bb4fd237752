package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/shoal-bt/shoal/client"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/advice"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/choosing"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/console"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/message"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/progress"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/terminal"
	"github.com/shoal-bt/shoal/swarm"
)

// A session is a client and what a command shows of its torrents. It is used by one
// goroutine.
type session struct {
	c      *console.Console
	client *client.Client
	config client.Config
	events *client.Stream
	items  []*item
	byID   map[swarm.ID]*item

	unhandled []client.Event // that came when nothing was left to wait for

	named   map[netip.AddrPort]*namedPeer
	foreign int // connections to us that began with something else than a handshake

	admit            func(*item) error // reports what is in the way of a link's torrent; nil for nothing
	ready            func(*item) error // called when the metadata of a torrent is here and nothing is in the way; may be nil
	until            func() bool       // when there is nothing left to wait for; nil for finished
	isUsed           func() bool       // reports whether somebody needs torrents that are complete; nil for nobody
	calls            chan func()       // that run where the session does
	quitWhenComplete bool              // quit when everything is complete
	quiet            bool              // do not print how each torrent ends
	choice           choosing.Choice   // what the user wants of each torrent
	questions        chan question     // of the client, to the user
	closing          chan struct{}     // closed when nobody answers them any more
	aborted          bool              // the user left the list of files
	shownAt          time.Time
	dhtFailed        bool // a message said that the DHT finds nothing
}

// An item is a torrent of a session.
type item struct {
	t           *client.Torrent
	name        string // fit for a terminal
	id          string // info hash, hexadecimal
	source      string // what the user named, for commands
	link        bool   // its metadata is fetched
	fromLink    bool   // it was added by a link
	namesPeers  bool   // that link names peers
	private     bool   // its metadata says so
	start       time.Time
	heldAtStart int64         // bytes that were held when the check was done
	fromTorrent bool          // a seed of a .torrent file, whose empty files and links must be there too
	seedOnly    bool          // it is only seeded: every piece must be there from the start
	checked     bool          // its check is done
	done        bool          // every wanted piece is held
	took        time.Duration // of the download, when it is done
	err         error         // it stopped with
	lastWarning string        // that was printed last
	lastText    string        // that was last printed
	writing     bool          // a message said that it is written to disk
	handshakes  handshakes
	window      progress.RateWindow
}

// openSession makes a client. peers are those that the user named. close ends it.
func openSession(c *console.Console, config client.Config, peers []netip.AddrPort) (*session, error) {
	config.Engine.Logger = c.Log
	cl, err := client.New(config)
	var file *fs.PathError
	if errors.As(err, &file) && !errors.Is(err, syscall.ENOSPC) { // in the state folder
		err = advice.New(err, "Check that folder, or choose another one for what Shoal remembers with --state.")
	}
	if err != nil {
		return nil, err
	}
	s := &session{
		c:         c,
		client:    cl,
		config:    config,
		byID:      make(map[swarm.ID]*item),
		named:     make(map[netip.AddrPort]*namedPeer),
		questions: make(chan question),
		calls:     make(chan func()),
		closing:   make(chan struct{}),
	}
	for _, p := range peers {
		s.named[p] = new(namedPeer)
	}
	s.events = cl.Events(client.CheapEvents|client.OnPeerConnected|client.OnPeerLost|client.OnPeerFailed, 0)
	return s, nil
}

// warnAbout prints a warning about a torrent, and what to do about it; advice may be empty.
func (s *session) warnAbout(i *item, text, advice string) {
	s.c.Report(console.Failure{Event: "warning", Torrent: i.id, Message: text, Advice: advice}, i.name)
}

// showAddresses prints where peers can connect.
func (s *session) showAddresses() {
	for _, a := range s.client.Addrs() {
		s.c.Emit(listeningJSON{"listening", a.String()})
		s.c.Say("Listening at %s.", a)
	}
}

// begin uses a torrent whose metadata is here.
func (s *session) begin(i *item) error {
	if s.ready == nil {
		return nil
	}
	return s.ready(i)
}

// call has f run where the session does, unless that has ended.
func (s *session) call(f func()) {
	select {
	case s.calls <- f:
	case <-s.closing:
	}
}

// listeningJSON is the JSON object of an address.
type listeningJSON struct {
	Event   string `json:"event"` // "listening"
	Address string `json:"address"`
}

// add adds a torrent of the client to the session, unless it is there. source is what the user
// named.
func (s *session) add(t *client.Torrent, source string) *item {
	id := t.ID()
	if i := s.byID[id]; i != nil {
		return i // a link and a .torrent file of one torrent, or two links
	}
	i := &item{
		t:      t,
		name:   terminal.Sanitize(t.Name()),
		id:     fmt.Sprintf("%x", id[:]),
		source: source,
		start:  time.Now(),
	}
	s.items = append(s.items, i)
	s.byID[id] = i
	i.link = t.Stats().Left < 0
	if i.link {
		s.emitProgress(i)
		s.c.Say("%s: fetching the metadata", i.name)
	} else {
		i.learnPrivate()
		s.emitAdded(i)
	}
	return i
}

// emitAdded prints what a torrent is, for programs.
func (s *session) emitAdded(i *item) {
	s.c.Emit(addedJSON{"added", i.id, i.t.Name(), i.t.Length(), i.t.Stats().Pieces, i.t.Dir()})
}

// addedJSON is the JSON object of a torrent that begins.
type addedJSON struct {
	Event   string `json:"event"` // "added"
	Torrent string `json:"torrent"`
	Name    string `json:"name"`
	Length  int64  `json:"length"` // in bytes
	Pieces  int    `json:"pieces"`
	Dir     string `json:"dir"`
}

// run shows what happens until there is nothing left to wait for, or ctx is done,
// which is no error.
func (s *session) run(ctx context.Context) {
	incoming := make(chan client.Event)
	reading, stop := context.WithCancel(ctx)
	defer func() {
		stop()
		for e := range incoming {
			s.unhandled = append(s.unhandled, e)
		}
	}()
	go func() {
		defer close(incoming)
		for e := range s.events.All(reading) {
			incoming <- e
		}
	}()
	every := console.ObjectEvery
	if s.c.IsLive && !s.c.IsJSON {
		every = console.DrawEvery
	}
	ticks := time.NewTicker(every)
	defer ticks.Stop()
	for !s.finished() {
		select {
		case <-ctx.Done():
			return
		case e, ok := <-incoming:
			if !ok {
				return
			}
			s.handleEvent(e)
		case q := <-s.questions:
			s.answer(ctx, q)
		case call := <-s.calls:
			call()
		case <-ticks.C:
			s.show()
		}
	}
}

// finished reports whether nothing is left to wait for.
func (s *session) finished() bool {
	if s.aborted || (s.until != nil && s.until()) {
		return true
	}
	working := 0
	for _, i := range s.items {
		canEnd := s.quitWhenComplete && i.done && (s.isUsed == nil || !s.isUsed())
		if i.err == nil && !canEnd {
			working++
		}
	}
	return working == 0
}

// show draws the torrents, or prints them now and then.
func (s *session) show() {
	if s.c.IsLive && !s.c.IsJSON {
		columns, rows := s.c.Screen.Size()
		var views []progress.View
		for _, i := range s.items {
			views = append(views, s.view(i))
		}
		s.c.Draw(progress.Draw(views, s.c.Style, columns, rows)...)
		return
	}
	if s.c.IsJSON {
		for _, i := range s.items {
			s.emitProgress(i)
		}
		return
	}
	for _, i := range s.items {
		if v := s.view(i); v.Writing() && !i.writing {
			i.writing = true
			s.c.Say("%s: every wanted piece is here; writing to disk", i.name)
		}
	}
	if now := time.Now(); now.Sub(s.shownAt) >= console.LineEvery {
		s.shownAt = now
		for _, i := range s.items {
			if text := s.view(i).Text(); text != i.lastText {
				i.lastText = text
				s.c.Say("%s", text)
			}
		}
	}
}

// emitProgress prints how far a torrent or its metadata is, for programs.
func (s *session) emitProgress(i *item) {
	if v := s.view(i); i.link {
		s.c.Emit(v.MetadataObject(i.id))
	} else {
		s.c.Emit(v.Object(i.id))
	}
}

func (s *session) view(i *item) progress.View {
	st := i.t.Stats()
	v := progress.View{
		Name:     i.name,
		Length:   i.t.Length(),
		Stats:    st,
		Have:     i.t.Bitfield(),
		Wanted:   i.wantedPieces(st.Wanted, st.Pieces),
		Done:     i.done || i.seedOnly,
		Sent:     st.Up.Total - st.UpBefore,
		Received: st.Down.Total - st.DownBefore,
	}
	if i.link {
		v.Metadata = i.t.Fetch()
	}
	v.Readers = i.readers()
	state := s.discovery()
	hasPeers := st.Peers+v.Metadata.Peers > 0
	switch {
	case s.findsPeers(i.private):
		v.DHT, v.DHTNodes = state.Text(false), &state.DHT.Nodes
	case !hasPeers && !s.quiet: // why nothing is found
		v.DHT = state.Text(i.private)
	}
	v.Down, v.Up, v.Measured = i.window.Rates(time.Now(), st.Down.Total, st.Up.Total)
	return v
}

// readers returns who reads files of a torrent.
func (i *item) readers() (all []progress.Reader) {
	reading := i.t.Readers()
	if len(reading) == 0 {
		return nil
	}
	meta, err := i.t.Metainfo()
	if err != nil {
		return nil
	}
	for _, r := range reading {
		f := meta.Info.Entries[r.File]
		all = append(all, progress.Reader{ReaderStats: r, Path: f.Path, Length: f.Length})
	}
	return all
}

// failed returns an error if a torrent has failed, which the user has seen already.
func (s *session) failed() error {
	for _, i := range s.items {
		if i.err != nil {
			return console.ReportedError{Err: i.err}
		}
	}
	return nil
}

// alreadyReported reports whether an error of Close is the one that a torrent failed with:
// on a full disk, say, the last blocks cannot be written either.
func (s *session) alreadyReported(err error) bool {
	hint := s.c.Command.Advice(err)
	return hint != "" && slices.ContainsFunc(s.items, func(i *item) bool { return i.err != nil && s.c.Command.Advice(i.err) == hint })
}

// complete reports whether of every torrent all that is wanted is held.
func (s *session) complete() bool {
	for _, i := range s.items {
		if !i.done {
			return false
		}
	}
	return true
}

// fail ends the wait for an item.
func (s *session) fail(i *item, err error) {
	i.err = err
	if s.aborted || errors.Is(err, context.Canceled) { // the user ended it
		return
	}
	message := message.Of(fmt.Errorf("%s in %s: %w", i.name, i.t.Dir(), err))
	s.c.Report(console.Failure{Event: "error", Torrent: i.id, Message: message, Advice: s.c.Command.Advice(err)}, "")
}

var errIncomplete = errors.New("some pieces are missing or wrong")

// contentPath returns where the content of an item is, fit for a terminal. A seed's may have
// another name than the torrent.
func (i *item) contentPath() string {
	name := i.t.Name()
	if files, err := i.t.Files(); err == nil && len(files) > 0 {
		name, _, _ = strings.Cut(files[0].Path, "/")
	}
	return terminal.Sanitize(filepath.Join(i.t.Dir(), name))
}
