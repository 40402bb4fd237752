package udptracker

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
)

// Trackers make Trackers that share a Config, sockets and connection ids, so that many
// need few packets and little memory. They may be used concurrently.
type Trackers struct {
	config Config // with defaults
	routes []route
	err    error // what is wrong with the Config
}

// A route is a socket in one family. A tracker sees us on each as a peer of its own.
type route struct {
	socket *socket
	is6    bool
}

// NewTrackers makes Trackers with a Config. It opens no socket. Close is only necessary
// to close sockets at once.
func NewTrackers(c Config) *Trackers {
	t := &Trackers{config: c.withDefaults()}
	c = t.config
	if c.Conn4 != nil || c.Conn6 != nil {
		if c.Conn4 != nil {
			t.routes = append(t.routes, route{newSocket(c.Conn4, nil), false})
		}
		switch {
		case c.Conn6 != nil && c.Conn6 == c.Conn4: // it has one reader
			t.routes = append(t.routes, route{t.routes[0].socket, true})
		case c.Conn6 != nil:
			t.routes = append(t.routes, route{newSocket(c.Conn6, nil), true})
		}
		return t
	}
	for _, from := range c.From {
		if !from.IsValid() {
			t.err = fmt.Errorf("Config.From contains the zero address")
			return t
		}
		from = from.Unmap()
		network := "udp4"
		if from.Is6() {
			network = "udp6"
		}
		t.routes = append(t.routes, route{newSocket(nil, func(ctx context.Context) (net.PacketConn, error) {
			return c.Listen(ctx, network, netip.AddrPortFrom(from, 0).String())
		}), from.Is6()})
	}
	return t
}

// New makes a Tracker, as the function [New] does, that shares the sockets of s.
func (s *Trackers) New(url string) (*Tracker, error) {
	to, err := parseTarget(url)
	if err != nil {
		return nil, fmt.Errorf("udptracker: %w", err)
	}
	if s.err != nil {
		return nil, fmt.Errorf("udptracker: %s: %w", to.shown, s.err)
	}
	t := &Tracker{trackers: s, url: url, key: s.config.Key}
	seed := s.config.Seed
	if seed == 0 {
		seed = rand.Uint64()
	}
	t.random.Seed(seed, 0)
	if t.key == 0 {
		t.key = rand.New(&t.random).Uint32()
	}
	return t, nil
}

// Close ends the calls under way with ErrClosed, and so do all later ones. It closes the
// sockets, except those of Config.Conn4 and Config.Conn6. It may be called again.
func (s *Trackers) Close() {
	for _, r := range s.routes {
		r.socket.close()
	}
}

// Ignored returns the number of packets that came while calls waited and were no answers:
// too short, late, doubled, from another address, or to no request.
func (s *Trackers) Ignored() int {
	n := 0
	for i, r := range s.routes {
		if i == 0 || r.socket != s.routes[i-1].socket {
			n += r.socket.ignoredCount()
		}
	}
	return n
}
