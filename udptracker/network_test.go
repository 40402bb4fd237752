package udptracker

import (
	"context"
	"net"
	"net/netip"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// A network carries packets between sockets in memory. It works in a bubble of
// testing/synctest.
type network struct {
	mu    sync.Mutex
	conns map[netip.AddrPort]*memoryConn
	port  uint16
	down  map[netip.Addr]bool // addresses to which nothing can be sent
	open  int                 // sockets that listen has opened and that are not closed
}

func newNetwork() *network {
	return &network{conns: make(map[netip.AddrPort]*memoryConn), down: make(map[netip.Addr]bool), port: 40000}
}

// our addresses in the network.
var (
	our4 = netip.MustParseAddr("192.0.2.1")
	our6 = netip.MustParseAddr("2001:db8::1")
)

// listen is a Config.Listen.
func (n *network) listen(_ context.Context, network, _ string) (net.PacketConn, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.port++
	n.open++
	a := our4
	if network == "udp6" {
		a = our6
	}
	return n.add(netip.AddrPortFrom(a, n.port)), nil
}

// openSockets returns the number of sockets of listen that are open.
func (n *network) openSockets() int {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.open
}

// first returns the socket that listen opened first.
func (n *network) first() *memoryConn {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.conns[netip.AddrPortFrom(our4, 40001)]
}

// at opens a socket at an address.
func (n *network) at(a string) *memoryConn {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.add(netip.MustParseAddrPort(a))
}

func (n *network) add(a netip.AddrPort) *memoryConn {
	c := &memoryConn{network: n, addr: a, packets: make(chan memoryPacket, 4000), closed: make(chan struct{}), due: make(chan struct{})}
	n.conns[a] = c
	return c
}

type memoryPacket struct {
	b    []byte
	from netip.AddrPort
}

// A memoryConn is a net.PacketConn of a network. Its read deadline is either past or none.
type memoryConn struct {
	network *network
	addr    netip.AddrPort
	packets chan memoryPacket
	closed  chan struct{}
	once    sync.Once

	mu  sync.Mutex
	due chan struct{} // closed when the deadline is past
}

func (c *memoryConn) ReadFrom(b []byte) (int, net.Addr, error) {
	c.mu.Lock()
	due := c.due
	c.mu.Unlock()
	select {
	case p := <-c.packets:
		return copy(b, p.b), net.UDPAddrFromAddrPort(p.from), nil
	case <-c.closed:
		return 0, nil, net.ErrClosed
	case <-due:
		return 0, nil, os.ErrDeadlineExceeded
	}
}

func (c *memoryConn) WriteTo(b []byte, to net.Addr) (int, error) {
	a := addrPort(to)
	c.network.mu.Lock()
	other, isDown := c.network.conns[a], c.network.down[a.Addr()]
	c.network.mu.Unlock()
	if isDown {
		return 0, &net.OpError{Op: "write", Net: "udp", Err: os.ErrPermission}
	}
	if other != nil {
		other.deliver(b, c.addr)
	}
	return len(b), nil
}

// deliver puts a packet into c as if it came from an address.
func (c *memoryConn) deliver(b []byte, from netip.AddrPort) {
	select {
	case c.packets <- memoryPacket{append([]byte(nil), b...), from}:
	default: // it is full
	}
}

func (c *memoryConn) Close() error {
	c.once.Do(func() {
		close(c.closed)
		c.network.mu.Lock()
		defer c.network.mu.Unlock()
		c.network.open--
		delete(c.network.conns, c.addr)
	})
	return nil
}

func (c *memoryConn) SetReadDeadline(t time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	select {
	case <-c.due:
		c.due = make(chan struct{})
	default:
	}
	if !t.IsZero() {
		close(c.due)
	}
	return nil
}

func (c *memoryConn) LocalAddr() net.Addr                { return net.UDPAddrFromAddrPort(c.addr) }
func (c *memoryConn) SetDeadline(t time.Time) error      { return c.SetReadDeadline(t) }
func (c *memoryConn) SetWriteDeadline(t time.Time) error { return nil }

// config announces in the network. Names resolve to addrs.
func (n *network) config(addrs ...string) Config {
	return Config{
		Listen: n.listen,
		Seed:   1,
		Resolve: func(context.Context, string) (all []netip.Addr, err error) {
			for _, a := range addrs {
				all = append(all, netip.MustParseAddr(a))
			}
			return all, nil
		},
	}
}

func newTracker(t *testing.T, url string, c Config) *Tracker {
	t.Helper()
	tracker, err := New(url, c)
	require.NoError(t, err)
	t.Cleanup(tracker.trackers.Close)
	return tracker
}
