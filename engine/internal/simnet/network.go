package simnet

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"sync"
	"time"
)

// A Network connects hosts. Its methods and those of its hosts, listeners and
// connections may be called from many goroutines.
type Network struct {
	mu        sync.Mutex
	listeners map[netip.AddrPort]*listener
	port      uint16 // the last one that a dialer was given
}

// A Link is how a host hangs on the network. Zero means no delay, no limit.
type Link struct {
	Delay    time.Duration // one way, to the middle of the network
	Up, Down int64         // bytes per second, over all connections
}

// A Host has one address. It is a dialer as the engine wants one.
type Host struct {
	network *Network
	addr    netip.Addr
	link    Link

	mu       sync.Mutex
	gone     bool
	up, down time.Time // when the line is free again
}

// New returns a network without hosts.
func New() *Network { return &Network{listeners: make(map[netip.AddrPort]*listener), port: 20000} }

// Host adds a host.
func (n *Network) Host(addr string, l Link) *Host {
	return &Host{network: n, addr: netip.MustParseAddr(addr), link: l}
}

// Vanish cuts the host off: nothing that is sent to it or by it arrives any more,
// and nobody gets an error.
func (h *Host) Vanish() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.gone = true
}

func (h *Host) vanished() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.gone
}

// Listen accepts connections to a port; 0 picks one.
func (h *Host) Listen(port uint16) (net.Listener, error) {
	n := h.network
	n.mu.Lock()
	defer n.mu.Unlock()
	if port == 0 {
		n.port++
		port = n.port
	}
	at := netip.AddrPortFrom(h.addr, port)
	if n.listeners[at] != nil {
		return nil, &net.OpError{Op: "listen", Net: "tcp", Addr: net.TCPAddrFromAddrPort(at), Err: errors.New("address in use")}
	}
	l := &listener{host: h, at: at, queue: make(chan net.Conn, 128), closed: make(chan struct{})}
	n.listeners[at] = l
	return l, nil
}

var errRefused = errors.New("connection refused")

// DialContext connects to a host that listens. It takes one round trip.
func (h *Host) DialContext(ctx context.Context, _, address string) (net.Conn, error) {
	to, err := netip.ParseAddrPort(address)
	if err != nil {
		return nil, err
	}
	h.network.mu.Lock()
	l := h.network.listeners[to]
	h.network.port++
	from := netip.AddrPortFrom(h.addr, h.network.port)
	h.network.mu.Unlock()
	trip := 2 * h.link.Delay
	if l != nil {
		trip += 2 * l.host.link.Delay
	}
	if h.vanished() || l != nil && l.host.vanished() {
		trip = 24 * time.Hour
	}
	timer := time.NewTimer(trip)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
		return nil, &net.OpError{Op: "dial", Net: "tcp", Addr: net.TCPAddrFromAddrPort(to), Err: ctx.Err()}
	}
	if l == nil {
		return nil, &net.OpError{Op: "dial", Net: "tcp", Addr: net.TCPAddrFromAddrPort(to), Err: errRefused}
	}
	ours, theirs := pair(h, from, l.host, to)
	select {
	case <-l.closed:
	default:
		select {
		case l.queue <- theirs:
			return ours, nil
		default: // the backlog is full
		}
	}
	return nil, &net.OpError{Op: "dial", Net: "tcp", Addr: net.TCPAddrFromAddrPort(to), Err: errRefused}
}

// depart returns when n bytes that h sends now arrive at a host, if they do.
func (h *Host) depart(n int, to *Host) (at time.Time, ok bool) {
	at = time.Now()
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.link.Up > 0 {
		h.up = later(h.up, at).Add(took(n, h.link.Up))
		at = h.up
	}
	return at.Add(h.link.Delay + to.link.Delay), !h.gone
}

// arrive takes n bytes off the line to h.
func (h *Host) arrive(n int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.link.Down > 0 {
		h.down = later(h.down, time.Now()).Add(took(n, h.link.Down))
	}
}

// free returns when h can take more bytes.
func (h *Host) free() time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.down
}

// took is how long n bytes need at a rate.
func took(n int, rate int64) time.Duration {
	return time.Duration(float64(n) / float64(rate) * float64(time.Second))
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// listener is a net.Listener of a host.
type listener struct {
	host   *Host
	at     netip.AddrPort
	queue  chan net.Conn
	once   sync.Once
	closed chan struct{}
}

func (l *listener) Accept() (net.Conn, error) {
	select {
	case c := <-l.queue:
		return c, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

func (l *listener) Close() error {
	err := net.ErrClosed
	l.once.Do(func() {
		err = nil
		n := l.host.network
		n.mu.Lock()
		delete(n.listeners, l.at)
		n.mu.Unlock()
		close(l.closed)
		for {
			select {
			case c := <-l.queue:
				c.Close()
			default:
				return
			}
		}
	})
	return err
}

func (l *listener) Addr() net.Addr { return net.TCPAddrFromAddrPort(l.at) }
