package dht_test

import (
	"net"
	"net/netip"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/shoal-bt/shoal/dht"
	"github.com/stretchr/testify/require"
)

// A network is datagrams on a simulated clock: run it in a bubble of synctest.
type network struct {
	mu    sync.Mutex
	conns map[netip.AddrPort]*conn
}

func newNetwork() *network { return &network{conns: make(map[netip.AddrPort]*conn)} }

// A conn is a socket of a network.
type conn struct {
	w     *network
	addr  netip.AddrPort
	in    chan datagram
	mu    sync.Mutex
	until time.Time     // the deadline
	moved chan struct{} // closed when it changes
	err   error         // what reading fails with
	down  bool          // nothing is sent
}

type datagram struct {
	from netip.AddrPort
	b    []byte
}

func (w *network) at(addr string) *conn {
	w.mu.Lock()
	defer w.mu.Unlock()
	c := &conn{w: w, addr: netip.MustParseAddrPort(addr), in: make(chan datagram, 1000), moved: make(chan struct{})}
	w.conns[c.addr] = c
	return c
}

func (c *conn) ReadFrom(b []byte) (int, net.Addr, error) {
	for {
		c.mu.Lock()
		until, moved, err := c.until, c.moved, c.err
		c.mu.Unlock()
		if err != nil {
			return 0, nil, err
		}
		if !until.IsZero() && !until.After(time.Now()) {
			return 0, nil, os.ErrDeadlineExceeded
		}
		select {
		case d := <-c.in:
			return copy(b, d.b), net.UDPAddrFromAddrPort(d.from), nil
		case <-moved:
		}
	}
}

// WriteTo has a datagram arrive after 50 ms, if somebody is there.
func (c *conn) WriteTo(b []byte, to net.Addr) (int, error) {
	c.w.mu.Lock()
	other := c.w.conns[to.(*net.UDPAddr).AddrPort()]
	if c.down {
		other = nil
	}
	d := datagram{c.addr, append([]byte(nil), b...)}
	c.w.mu.Unlock()
	if other != nil {
		time.AfterFunc(50*time.Millisecond, func() {
			select {
			case other.in <- d:
			default:
			}
		})
	}
	return len(b), nil
}

func (c *conn) SetReadDeadline(t time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.until = t
	close(c.moved)
	c.moved = make(chan struct{})
	return nil
}

// move gives the socket another address.
func (c *conn) move(to netip.AddrPort) {
	c.w.mu.Lock()
	defer c.w.mu.Unlock()
	delete(c.w.conns, c.addr)
	c.addr = to
	c.w.conns[to] = c
}

// setDown has the network of the socket fail, or work again.
func (c *conn) setDown(down bool) {
	c.w.mu.Lock()
	defer c.w.mu.Unlock()
	c.down = down
}

// fail has reading fail.
func (c *conn) fail(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.err = err
	close(c.moved)
	c.moved = make(chan struct{})
}

func (c *conn) Close() error                       { return nil }
func (c *conn) LocalAddr() net.Addr                { return net.UDPAddrFromAddrPort(c.addr) }
func (c *conn) SetDeadline(t time.Time) error      { return c.SetReadDeadline(t) }
func (c *conn) SetWriteDeadline(t time.Time) error { return nil }

// open starts a node that knows the first one.
func (w *network) open(t *testing.T, addr string, c dht.Config) *dht.Node {
	conn := w.at(addr)
	if conn.addr.Addr().Is4() {
		c.Conn4 = conn
	} else {
		c.Conn6 = conn
	}
	if c.Routers == nil {
		c.Routers = []string{}
		c.Nodes = append(c.Nodes, first)
	}
	n, err := dht.Open(c)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, n.Close()) })
	return n
}

const first = "10.0.0.1:6881"
