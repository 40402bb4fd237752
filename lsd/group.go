package lsd

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"time"

	"github.com/shoal-bt/shoal/lsd/discovery"
	"github.com/shoal-bt/shoal/lsd/message"
	"github.com/shoal-bt/shoal/swarm"
)

// A network is where the links and sockets are. Its methods are not called concurrently.
type network interface {
	// links returns the links that are there now.
	links() ([]discovery.Link, error)

	// open opens a socket for the group of a family.
	open(is6 bool) (socket, error)
}

// A socket takes part in a group. Only receive may be called beside other methods.
type socket interface {
	join(discovery.Link) error
	leave(discovery.Link)
	send(discovery.Datagram) error

	// receive reads a datagram that was sent to the group, and says at which interface it
	// came; 0 if the system does not say.
	receive(b []byte) (n, index int, from netip.AddrPort, err error)

	close() // ends a receive under way
}

// A group is the socket of a family, and the links on which it has joined. Its fields are
// guarded by Source.mu.
type group struct {
	is6    bool
	socket socket // nil if it is closed
	links  []discovery.Link
}

func (s *Source) groupOf(is6 bool) *group {
	if is6 {
		return s.groups[1]
	}
	return s.groups[0]
}

// refresh looks at the interfaces, and opens and closes sockets as they need it. The lock is
// held.
func (s *Source) refresh(now time.Time) {
	s.refreshAt, s.err = now.Add(refreshEvery), nil
	links, err := s.network.links()
	if err != nil {
		s.err = fmt.Errorf("cannot list the network interfaces: %w", err)
		return
	}
	var joined []discovery.Link
	for _, g := range s.groups {
		err := s.update(g, links)
		if err != nil {
			s.err = err
		}
		joined = append(joined, g.links...)
	}
	s.state.SetLinks(now, joined)
}

// update joins on the links of a family that are new, and leaves those that are gone. A link
// with other addresses is joined again, because the system may have dropped it meanwhile.
func (s *Source) update(g *group, all []discovery.Link) (err error) {
	var links []discovery.Link
	for _, l := range all {
		if l.Is6 == g.is6 {
			links = append(links, l)
		}
	}
	if len(links) == 0 {
		g.close()
		return nil
	}
	if g.socket == nil {
		g.socket, err = s.network.open(g.is6)
		if err != nil {
			g.socket = nil
			return fmt.Errorf("cannot listen to port %d of UDP: %w; another program may keep it for itself", discovery.Port, err)
		}
		opened := g.socket
		s.running.Go(func() { s.read(opened, g) })
	}
	for _, l := range g.links {
		if !containsLink(links, l) {
			g.socket.leave(l)
		}
	}
	before := g.links
	g.links = nil
	for _, l := range links {
		if !containsLink(before, l) {
			e := g.socket.join(l)
			if e != nil {
				err = fmt.Errorf("cannot listen on %s: %w", l.Name, e)
				continue
			}
		}
		g.links = append(g.links, l)
	}
	return err
}

func containsLink(all []discovery.Link, l discovery.Link) bool {
	return slices.ContainsFunc(all, func(o discovery.Link) bool {
		return o.LinkID == l.LinkID && o.Source == l.Source && slices.Equal(o.Prefixes, l.Prefixes)
	})
}

var errNotOpen = errors.New("the socket is not open")

func (g *group) send(d discovery.Datagram) error {
	if g.socket == nil {
		return errNotOpen
	}
	return g.socket.send(d)
}

func (g *group) close() {
	if g.socket != nil {
		g.socket.close()
	}
	g.socket, g.links = nil, nil
}

// maxErrors is how often in a row a socket may fail until it is closed. It is opened again
// when the interfaces are looked at.
const maxErrors = 100

// read takes in datagrams until the socket is closed.
func (s *Source) read(from socket, g *group) {
	b := make([]byte, message.MaxSize+1)
	failures := 0
	for {
		n, index, addr, err := from.receive(b)
		if err != nil {
			failures++
			if s.failed(from, g, err, failures) {
				return
			}
			continue
		}
		failures = 0
		peers, isOpen := s.received(from, g, index, addr, b[:n])
		if !isOpen {
			return
		}
		if s.config.OnPeer == nil {
			continue
		}
		for _, p := range peers {
			s.config.OnPeer(p.Swarm, swarm.Address{AddrPort: p.Addr})
		}
	}
}

// failed reports whether the reader of a socket has to end after an error.
func (s *Source) failed(from socket, g *group, err error, failures int) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if g.socket != from {
		return true
	}
	if failures < maxErrors {
		return false
	}
	g.close()
	s.err = fmt.Errorf("cannot receive: %w", err)
	return true
}

// received takes in what a socket read and returns the peers that are new. It reports false
// if the socket is closed.
func (s *Source) received(from socket, g *group, index int, addr netip.AddrPort, b []byte) ([]discovery.Peer, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if g.socket != from {
		return nil, false
	}
	now := time.Now()
	s.state.Receive(now, discovery.LinkID{Index: index, Is6: g.is6}, addr, b)
	return s.settle(now), true
}
