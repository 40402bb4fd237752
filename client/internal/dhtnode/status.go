package dhtnode

import (
	"cmp"
	"net"
	"net/netip"
	"sync"
	"time"

	"github.com/shoal-bt/shoal/client/events"
	"github.com/shoal-bt/shoal/dht"
)

// Stats say how the node is doing.
type Stats struct {
	Open  bool // it has sockets: a public torrent has announced
	Ready bool // it knows others
	Nodes int  // that it knows, of both families

	// Addrs are those of its sockets.
	Addrs []netip.AddrPort

	// V4 and V6 are the figures of each family; nil if it has no socket.
	V4, V6 *dht.Stats

	// Err says why nothing is found: no node answers, or the socket fails. Nil if all is well, or
	// if that is not known yet.
	Err error
}

// status is what the node has said of itself.
type status struct {
	mu      sync.Mutex // guards what follows; taken in events of the node, so it is a leaf
	addrs   []netip.AddrPort
	v4, v6  boot
	broken  error // why the node could not be opened, or why it closed
	unsaved bool  // something changed that should be saved
	savedAt time.Time
}

// A boot is how the last bootstrap of a family went.
type boot struct {
	used  bool // it has a socket
	ended bool
	err   error
}

// isReady reports whether the family knows others.
func (b boot) isReady() bool { return b.ended && b.err == nil }

// hasFailed reports whether the family is of no help.
func (b boot) hasFailed() bool { return !b.used || b.err != nil }

// opened notes the sockets of a node that is about to be opened; nil for none.
func (t *status) opened(conn4, conn6 net.PacketConn) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.addrs, t.broken, t.savedAt = nil, nil, time.Now()
	t.v4, t.v6 = boot{used: conn4 != nil}, boot{used: conn6 != nil}
	for _, c := range []net.PacketConn{conn4, conn6} {
		if c == nil {
			continue
		}
		u, ok := c.LocalAddr().(*net.UDPAddr)
		if ok {
			t.addrs = append(t.addrs, u.AddrPort())
		}
	}
}

// port returns that of the first socket; 0 if it is not known.
func (t *status) port() uint16 {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.addrs) == 0 {
		return 0
	}
	return t.addrs[0].Port()
}

func (t *status) failed(err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.broken = err
}

func (t *status) hasFailed() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.broken != nil
}

// closed forgets the node, but not why it closed.
func (t *status) closed() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.addrs, t.v4, t.v6, t.unsaved = nil, boot{}, boot{}, false
}

// takeUnsaved reports whether the node should be saved, which the caller does then.
func (t *status) takeUnsaved(now time.Time) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.unsaved && now.Sub(t.savedAt) < saveEvery {
		return false
	}
	t.unsaved, t.savedAt = false, now
	return true
}

// handle takes in an event of the node. It is called while the node is locked.
func (s *Source) handle(e dht.Event) {
	switch e := e.(type) {
	case dht.BootstrappedEvent:
		s.status.bootstrapped(e)
		s.config.Report(events.DHTBootstrapped(e))
	case dht.AddressEvent:
		s.status.mu.Lock()
		s.status.unsaved = true
		s.status.mu.Unlock()
	case dht.ClosedEvent:
		if e.Err != nil {
			s.status.failed(e.Err)
		}
		s.config.Report(events.DHTClosed(e))
	}
}

func (t *status) bootstrapped(e dht.BootstrappedEvent) {
	t.mu.Lock()
	defer t.mu.Unlock()
	family := &t.v4
	if e.Is6 {
		family = &t.v6
	}
	family.ended, family.err = true, e.Err
	t.unsaved = t.unsaved || e.Err == nil
}

// Stats returns the figures of this moment.
func (s *Source) Stats() (st Stats) {
	s.mu.Lock()
	node := s.node
	s.mu.Unlock()
	if node != nil {
		st.Open = true
		st.V4, st.V6 = node.Stats()
	}
	for _, f := range []*dht.Stats{st.V4, st.V6} {
		if f != nil {
			st.Nodes += f.Nodes
		}
	}
	t := &s.status
	t.mu.Lock()
	defer t.mu.Unlock()
	st.Addrs = append(st.Addrs, t.addrs...)
	st.Ready = t.v4.isReady() || t.v6.isReady()
	switch {
	case t.broken != nil:
		st.Err = t.broken
	case st.Nodes == 0 && t.v4.hasFailed() && t.v6.hasFailed():
		st.Err = cmp.Or(t.v4.err, t.v6.err)
	}
	return st
}
