package udptracker

import (
	"net/netip"
	"time"
)

// A connection is what a tracker said to a connect request at one of our sockets:
// https://www.bittorrent.org/beps/bep_0015.html#connect.
type connection struct {
	id         uint64
	until      time.Time     // the id is not used afterwards; zero if there is none
	connecting chan struct{} // closed when the call that connects has ended it; nil if none does
	ignored    int           // packets of the tracker that were no answers
}

// maxConnections is the number of trackers whose connection ids a socket keeps.
const maxConnections = 1000

// connection returns the connection id of a tracker if there is one that is at most a
// minute old: https://www.bittorrent.org/beps/bep_0015.html#time-outs. Otherwise busy is
// closed when another call has ended its connect; if it is nil, the caller has to connect,
// and to call connected.
func (s *socket) connection(to netip.AddrPort) (id uint64, ok bool, busy <-chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	c := s.connections[to]
	switch {
	case c == nil:
		s.dropConnections(now)
		c = new(connection)
		s.connections[to] = c
	case now.Before(c.until):
		return c.id, true, nil
	case c.connecting != nil:
		return 0, false, c.connecting
	}
	c.connecting = make(chan struct{})
	return 0, false, nil
}

// dropConnections makes room for one more.
func (s *socket) dropConnections(now time.Time) {
	if len(s.connections) < maxConnections {
		return
	}
	for to, c := range s.connections {
		if c.connecting == nil && !now.Before(c.until) {
			delete(s.connections, to)
		}
	}
	for to, c := range s.connections {
		if len(s.connections) >= maxConnections && c.connecting == nil {
			delete(s.connections, to)
		}
	}
}

// connected ends a connect of the caller's, whatever its outcome was.
func (s *socket) connected(to netip.AddrPort) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.connections[to]
	if c != nil && c.connecting != nil {
		close(c.connecting)
		c.connecting = nil
	}
}

// keepID keeps a connection id that a tracker sent.
func (s *socket) keepID(to netip.AddrPort, id uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.connections[to]
	if c == nil { // the socket was closed meanwhile
		return
	}
	c.id, c.until = id, time.Now().Add(idLifetime)
}

// dropID forgets a connection id that the tracker does not know any more.
func (s *socket) dropID(to netip.AddrPort, id uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.connections[to]
	if c != nil && c.id == id {
		c.until = time.Time{}
	}
}
