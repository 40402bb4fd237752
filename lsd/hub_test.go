package lsd

import (
	"errors"
	"net"
	"net/netip"
	"slices"
	"sync"

	"github.com/shoal-bt/shoal/lsd/discovery"
)

// A hub is a simulated local network. Each host on it has the interface 1.
type hub struct {
	mu      sync.Mutex
	sockets []*hubSocket
}

// A host is a machine on a hub. It is a network.
type host struct {
	hub *hub

	mu      sync.Mutex
	addrs   []netip.Prefix // of its interface; none if it has gone
	listErr error
	openErr error
	joinErr error
	sent    [][]byte
}

func (h *hub) host(addrs ...string) *host {
	n := &host{hub: h}
	n.setAddrs(addrs...)
	return n
}

func (h *host) setAddrs(addrs ...string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.addrs = nil
	for _, a := range addrs {
		h.addrs = append(h.addrs, netip.MustParsePrefix(a))
	}
}

// setErrors has calls fail.
func (h *host) setErrors(list, open, join error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.listErr, h.openErr, h.joinErr = list, open, join
}

func (h *host) links() ([]discovery.Link, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	var addrs []net.Addr
	for _, p := range h.addrs {
		addrs = append(addrs, &net.IPNet{IP: p.Addr().AsSlice(), Mask: net.CIDRMask(p.Bits(), p.Addr().BitLen())})
	}
	return Config{}.linksOf(net.Interface{Index: 1, Name: "eth0"}, addrs), h.listErr
}

func (h *host) open(is6 bool) (socket, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.openErr != nil {
		return nil, h.openErr
	}
	s := &hubSocket{host: h, is6: is6, packets: make(chan packet, 100), closed: make(chan struct{})}
	h.hub.mu.Lock()
	defer h.hub.mu.Unlock()
	h.hub.sockets = append(h.hub.sockets, s)
	return s, nil
}

// datagrams returns the number of datagrams that the host sent.
func (h *host) datagrams() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.sent)
}

// open reports the number of open sockets.
func (h *hub) open() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.sockets)
}

// failAll has a receive of each socket fail as often as the number says.
func (h *hub) failAll(times int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, s := range h.sockets {
		for range times {
			s.packets <- packet{err: errors.New("the network is down")}
		}
	}
}

// A hubSocket is a socket of a host.
type hubSocket struct {
	host    *host
	is6     bool
	joined  bool // guarded by hub.mu
	packets chan packet
	closed  chan struct{}
}

type packet struct {
	from  netip.AddrPort
	bytes []byte
	err   error
}

func (s *hubSocket) join(discovery.Link) error {
	s.host.mu.Lock()
	err := s.host.joinErr
	s.host.mu.Unlock()
	s.host.hub.mu.Lock()
	defer s.host.hub.mu.Unlock()
	switch {
	case err != nil:
		return err
	case s.joined:
		return errJoined
	}
	s.joined = true
	return nil
}

// errJoined is what systems say to who joins twice without leaving.
var errJoined = errors.New("address already in use")

func (s *hubSocket) leave(discovery.Link) {
	s.host.hub.mu.Lock()
	defer s.host.hub.mu.Unlock()
	s.joined = false
}

func (s *hubSocket) send(d discovery.Datagram) error {
	s.host.mu.Lock()
	s.host.sent = append(s.host.sent, d.Bytes)
	s.host.mu.Unlock()
	s.host.hub.send(netip.AddrPortFrom(d.Link.Prefixes[0].Addr(), discovery.Port), d.Bytes)
	return nil
}

// send brings a datagram to all who have joined, also to the sender.
func (h *hub) send(from netip.AddrPort, b []byte) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, s := range h.sockets {
		if !s.joined || s.is6 != from.Addr().Is6() {
			continue
		}
		select {
		case s.packets <- packet{from: from, bytes: slices.Clone(b)}:
		default:
		}
	}
}

func (s *hubSocket) receive(b []byte) (int, int, netip.AddrPort, error) {
	select {
	case p := <-s.packets:
		return copy(b, p.bytes), 1, p.from, p.err
	case <-s.closed:
		return 0, 0, netip.AddrPort{}, net.ErrClosed
	}
}

func (s *hubSocket) close() {
	s.host.hub.mu.Lock()
	defer s.host.hub.mu.Unlock()
	s.host.hub.sockets = slices.DeleteFunc(s.host.hub.sockets, func(o *hubSocket) bool { return o == s })
	close(s.closed)
}
