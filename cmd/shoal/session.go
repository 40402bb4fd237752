package main

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"path/filepath"
	"slices"
	"time"

	"github.com/shoal-bt/shoal/client"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/progress"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/quantity"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/terminal"
	"github.com/shoal-bt/shoal/engine"
	"github.com/shoal-bt/shoal/swarm"
)

// A session is a client and what a command shows of its torrents. It is used by one
// goroutine.
type session struct {
	c      *console
	client *client.Client
	events *client.Stream
	items  []*item
	byID   map[swarm.ID]*item

	// named are the peers that the user named; true if a warning said that the
	// peer failed.
	named map[netip.AddrPort]bool

	quitWhenComplete bool // quit when everything is complete
	quiet            bool // do not print how each torrent ends
	shownAt          time.Time
}

// An item is a torrent of a session.
type item struct {
	t           *client.Torrent
	name        string // fit for a terminal
	id          string // hexadecimal
	start       time.Time
	heldAtStart int64         // bytes that were held when the check was done
	fromTorrent bool          // a seed of a .torrent file, whose empty files and links must be there too
	seedOnly    bool          // it is only seeded: every piece must be there from the start
	checked     bool          // its check is done
	done        bool          // every piece is held
	took        time.Duration // of the download, when it is done
	err         error         // it stopped with
	lastWarning string        // that was printed last
	lastText    string        // that was last printed
	window      progress.RateWindow
}

// openSession makes a client. peers are those that the user named. close ends it.
func openSession(c *console, config client.Config, peers []netip.AddrPort) (*session, error) {
	config.Engine.Logger = c.log
	cl, err := client.New(config)
	if err != nil {
		return nil, err
	}
	s := &session{c: c, client: cl, byID: make(map[swarm.ID]*item), named: make(map[netip.AddrPort]bool)}
	for _, p := range peers {
		s.named[p] = false
	}
	mask := client.CheapEvents
	if len(peers) > 0 {
		mask |= engine.OnPeerFailed
	}
	if c.json {
		mask |= engine.OnPeerConnected | engine.OnPeerLost
	}
	s.events = cl.Events(mask, 0)
	return s, nil
}

// showAddresses prints where peers can connect.
func (s *session) showAddresses() {
	for _, a := range s.client.Addrs() {
		s.c.emit(listeningJSON{"listening", a.String()})
		s.c.say("Listening at %s.", a)
	}
}

// listeningJSON is the JSON object of an address.
type listeningJSON struct {
	Event   string `json:"event"` // "listening"
	Address string `json:"address"`
}

// add adds a torrent of the client to the session.
func (s *session) add(t *client.Torrent) *item {
	id := t.ID()
	i := &item{t: t, name: terminal.Sanitize(t.Name()), id: fmt.Sprintf("%x", id[:]), start: time.Now()}
	s.items = append(s.items, i)
	s.byID[id] = i
	s.c.emit(addedJSON{"added", i.id, t.Name(), t.Length(), t.Stats().Pieces, t.Dir()})
	return i
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
	defer stop()
	go func() {
		defer close(incoming)
		for e := range s.events.All(reading) {
			select {
			case incoming <- e:
			case <-reading.Done():
				return
			}
		}
	}()
	every := objectEvery
	if s.c.live && !s.c.json {
		every = drawEvery
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
		case <-ticks.C:
			s.show()
		}
	}
}

// finished reports whether nothing is left to wait for.
func (s *session) finished() bool {
	working := 0
	for _, i := range s.items {
		if i.err == nil && !(s.quitWhenComplete && i.done) {
			working++
		}
	}
	return working == 0
}

// show draws the torrents, or prints them now and then.
func (s *session) show() {
	if s.c.live && !s.c.json {
		columns, rows := s.c.screen.Size()
		var views []progress.View
		for _, i := range s.items {
			views = append(views, i.view())
		}
		s.c.draw(progress.Draw(views, s.c.style, columns, rows)...)
		return
	}
	if s.c.json {
		for _, i := range s.items {
			s.c.emit(i.progress())
		}
		return
	}
	if now := time.Now(); now.Sub(s.shownAt) >= lineEvery {
		s.shownAt = now
		for _, i := range s.items {
			if text := i.view().Text(); text != i.lastText {
				i.lastText = text
				s.c.say("%s", text)
			}
		}
	}
}

func (i *item) view() progress.View {
	v := progress.View{Name: i.name, Length: i.t.Length(), Stats: i.t.Stats(), Have: i.t.Bitfield()}
	v.Down, v.Up = i.window.Rates(time.Now(), v.Stats.Down.Total, v.Stats.Up.Total)
	return v
}

// progressJSON is the JSON object of a torrent that is under way.
type progressJSON struct {
	Event   string   `json:"event"` // "progress"
	Torrent string   `json:"torrent"`
	State   string   `json:"state"`
	Share   float64  `json:"share"` // 0 to 1; of the check while that lasts
	Held    int      `json:"held"`  // pieces
	Pieces  int      `json:"pieces"`
	Left    int64    `json:"left"` // bytes
	Down    float64  `json:"down"` // bytes per second
	Up      float64  `json:"up"`   // bytes per second
	Got     int64    `json:"downloaded"`
	Sent    int64    `json:"uploaded"`
	Peers   int      `json:"peers"`
	Seeds   int      `json:"seeds"`
	ETA     *float64 `json:"eta,omitempty"` // seconds
}

func (i *item) progress() progressJSON {
	v := i.view()
	st := v.Stats
	p := progressJSON{
		Event: "progress", Torrent: i.id, State: v.State(), Share: v.Share(), Held: st.Held, Pieces: st.Pieces, Left: st.Left,
		Down: v.Down, Up: v.Up, Got: st.Down.Total, Sent: st.Up.Total, Peers: st.Peers, Seeds: st.Seeds,
	}
	if eta, known := v.ETA(); known {
		seconds := eta.Seconds()
		p.ETA = &seconds
	}
	return p
}

// close closes the client and says how to continue.
func (s *session) close() error {
	if s.c.live || s.c.json {
		s.show() // the last figures
	}
	if s.c.live && !s.quiet {
		s.c.draw("Notifying trackers and saving progress ...")
	}
	err := s.client.Close()
	if s.alreadyReported(err) {
		err = nil
	}
	s.c.screen.Clear()
	if s.quiet {
		return err
	}
	for _, i := range s.items {
		sent := i.t.Stats().Up.Total
		switch {
		case i.err != nil || !i.checked:
		case !i.done:
			s.c.say("%s: stopped at %s. Run the same command again to continue.", i.name, quantity.Percent(i.view().Share()))
		case sent > 0:
			s.c.say("%s: uploaded %s in total.", i.name, quantity.Size(sent))
		}
	}
	return err
}

// failed returns an error if a torrent has failed, which the user has seen already.
func (s *session) failed() error {
	for _, i := range s.items {
		if i.err != nil {
			return reported{i.err}
		}
	}
	return nil
}

// alreadyReported reports whether an error of Close is the one that a torrent failed with:
// on a full disk, say, the last blocks cannot be written either.
func (s *session) alreadyReported(err error) bool {
	hint := advice(err)
	return hint != "" && slices.ContainsFunc(s.items, func(i *item) bool { return i.err != nil && advice(i.err) == hint })
}

// complete reports whether every torrent is.
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
	s.c.fail(fmt.Errorf("%s in %s: %w", i.name, i.t.Dir(), err))
}

var errIncomplete = errors.New("some pieces are missing or wrong")

// contentPath returns contentPath the content of an item is.
func (i *item) contentPath() string { return filepath.Join(i.t.Dir(), filepath.FromSlash(i.t.Name())) }
