package main

import (
	"context"
	"crypto/sha1"
	"maps"
	"net"
	"slices"
	"sync"
	"time"

	"github.com/shoal-bt/shoal/engine"
	"github.com/shoal-bt/shoal/peerwire"
	"github.com/shoal-bt/shoal/swarm"
)

// A host is an engine with one torrent that has no content: its swarm is the room.
type host struct {
	engine *engine.Engine
	room   *room
}

func newHost(ctx context.Context, addr string, show func(line string)) (*host, error) {
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, err
	}
	e, err := engine.New(engine.Config{Listeners: []net.Listener{l}})
	if err != nil {
		return nil, err
	}
	h := &host{engine: e, room: &room{show: show, peers: make(map[swarm.Peer]bool)}}
	t, err := e.Add(engine.Spec{
		Swarms:     []swarm.ID{sha1.Sum([]byte("a chat room"))},
		Geometry:   swarm.Geometry{PieceLength: swarm.BlockLen},
		Storage:    swarm.NewMemory(0),
		Verify:     func([]swarm.Verdict) {},
		NewPicker:  func() swarm.Picker { panic("there is no content") },
		Extensions: []engine.ExtensionMaker{h.room.join},
		Config:     &engine.TorrentConfig{IdleTimeout: -1}, // nobody is interested in pieces here
	})
	if err == nil {
		err = t.Wait(ctx) // a torrent accepts nobody before what is stored was checked
	}
	if err != nil {
		e.Close()
		return nil, err
	}
	return h, nil
}

func (h *host) addr() string { return h.engine.Addrs()[0].String() }
func (h *host) close()       { h.engine.Close() }

func (h *host) say(line string) error {
	h.room.sayToAll(line)
	return nil
}

// A room is the extension. The engine's calls do not overlap, but sayToAll comes from
// another goroutine.
type room struct {
	show func(line string)
	say  func(p swarm.Peer, body []byte) // to one peer

	mu    sync.Mutex
	peers map[swarm.Peer]bool // that have the extension
}

// join makes the room the extension of a torrent.
func (r *room) join(t engine.ExtensionTorrent) engine.Extension {
	r.say = t.Say
	return r
}

func (r *room) Name() string                      { return "example_chat" }
func (r *room) Hello(*peerwire.ExtendedHandshake) {}

func (r *room) Open(_ time.Time, c engine.ExtensionConn, _ *peerwire.ExtendedHandshake) engine.ExtensionSession {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.peers[c.Peer()] = true
	return &seat{room: r, peer: c.Peer()}
}

func (r *room) sayToAll(line string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, p := range slices.Sorted(maps.Keys(r.peers)) {
		r.say(p, []byte(line))
	}
}

// A seat is the room's part in one connection.
type seat struct {
	*room
	peer swarm.Peer
}

func (s *seat) Message(_ time.Time, body []byte) error {
	s.show(string(body))
	return nil
}

func (s *seat) Hello(time.Time, *peerwire.ExtendedHandshake) {}
func (s *seat) Tick(time.Time)                               {}

func (s *seat) Close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.peers, s.peer)
}
