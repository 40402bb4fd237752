package udpmux

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
)

// A Config configures a Mux. Its zero value is ready for use.
type Config struct {
	// MaxDatagrams is how many datagrams may wait for one user. Zero means 512, a negative
	// number means 65,536.
	MaxDatagrams int

	// MaxBytes is how many bytes they may have together. Zero means 1 MiB, a negative number
	// means no limit.
	MaxBytes int
}

const (
	defaultDatagrams = 512
	mostDatagrams    = 1 << 16
	defaultBytes     = 1 << 20
	maxErrors        = 100 // of the socket in a row, until it has failed
)

func (c Config) withDefaults() Config {
	switch {
	case c.MaxDatagrams == 0:
		c.MaxDatagrams = defaultDatagrams
	case c.MaxDatagrams < 0:
		c.MaxDatagrams = mostDatagrams
	}
	if c.MaxBytes == 0 {
		c.MaxBytes = defaultBytes
	}
	return c
}

// A Mux hands the datagrams of a socket to its users.
type Mux struct {
	config Config
	socket net.PacketConn
	ended  chan struct{}           // closed when the reader has ended
	users  atomic.Pointer[[]*Conn] // replaced, never changed

	unclaimed atomic.Int64

	mu     sync.Mutex // guards closed, and who replaces users
	closed bool
	err    error // why the socket has failed; nil if it has not
}

// New returns a Mux that owns a socket from now on.
func New(socket net.PacketConn, c Config) *Mux {
	m := &Mux{config: c.withDefaults(), socket: socket, ended: make(chan struct{})}
	m.users.Store(new([]*Conn))
	go m.read()
	return m
}

// Open adds a user, behind those that are there. A nil claim takes all that those before it
// do not. After Close, the error is net.ErrClosed.
func (m *Mux) Open(claim Claim) (*Conn, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closed {
		return nil, net.ErrClosed
	}
	if claim == nil {
		claim = func([]byte) bool { return true }
	}
	c := newConn(m, claim)
	if m.err != nil {
		c.fail(m.err)
	}
	m.setUsers(append(slices.Clone(*m.users.Load()), c))
	return c, nil
}

// setUsers replaces the users. The lock is held.
func (m *Mux) setUsers(all []*Conn) { m.users.Store(&all) }

// remove takes a user out that is closed.
func (m *Mux) remove(c *Conn) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.setUsers(slices.DeleteFunc(slices.Clone(*m.users.Load()), func(o *Conn) bool { return o == c }))
}

// LocalAddr returns the address of the socket.
func (m *Mux) LocalAddr() net.Addr { return m.socket.LocalAddr() }

// Unclaimed returns the number of datagrams that were for no user.
func (m *Mux) Unclaimed() int64 { return m.unclaimed.Load() }

// Close closes all users and the socket. It may be called again; then it does nothing and
// returns nil.
func (m *Mux) Close() error {
	m.mu.Lock()
	if m.closed {
		m.mu.Unlock()
		<-m.ended
		return nil
	}
	m.closed = true
	users := *m.users.Load()
	m.setUsers(nil)
	m.mu.Unlock()
	for _, c := range users {
		c.end()
	}
	err := m.socket.Close()
	<-m.ended
	return err
}

// A udpConn reads and writes without making an address each time, as *net.UDPConn does.
type udpConn interface {
	ReadFromUDPAddrPort(b []byte) (int, netip.AddrPort, error)
	WriteToUDPAddrPort(b []byte, to netip.AddrPort) (int, error)
}

// read hands out datagrams until the socket is closed or has failed. Some systems report
// here that a datagram was not delivered, so a few errors do not matter.
func (m *Mux) read() {
	defer close(m.ended)
	b := make([]byte, 1<<16)
	failures := 0
	for {
		n, d, err := m.receive(b)
		switch {
		case err == nil:
			failures = 0
			m.dispatch(b[:n], d)
		case errors.Is(err, net.ErrClosed) || failures == maxErrors:
			m.fail(err)
			return
		default:
			failures++
		}
	}
}

// receive reads a datagram; d has where it is from.
func (m *Mux) receive(b []byte) (n int, d datagram, err error) {
	u, ok := m.socket.(udpConn)
	if ok {
		n, d.from, err = u.ReadFromUDPAddrPort(b)
		return n, d, err
	}
	n, d.addr, err = m.socket.ReadFrom(b)
	return n, d, err
}

func (m *Mux) dispatch(b []byte, d datagram) {
	for _, c := range *m.users.Load() {
		if c.claim(b) {
			c.deliver(b, d)
			return
		}
	}
	m.unclaimed.Add(1)
}

// fail has all users return an error after what waits for them. It matches net.ErrClosed,
// because no read can succeed any more.
func (m *Mux) fail(err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if !errors.Is(err, net.ErrClosed) {
		err = fmt.Errorf("%w, because it has failed: %w", net.ErrClosed, err)
	}
	m.err = err
	for _, c := range *m.users.Load() {
		c.fail(err)
	}
}
