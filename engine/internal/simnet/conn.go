package simnet

import (
	"io"
	"net"
	"net/netip"
	"os"
	"sync"
	"time"
)

const (
	window  = 64 << 10 // bytes that may be under way in one direction
	segment = 16 << 10 // bytes that travel together
)

// conn is one end of a connection.
type conn struct {
	local, remote netip.AddrPort
	in, out       *line
}

// line is one direction of a connection.
type line struct {
	from, to *Host

	mu      sync.Mutex
	packets []packet
	size    int           // bytes in packets
	changed chan struct{} // closed and replaced when anything below or above changes
	ended   bool          // the writing end was closed
	unheard bool          // the reading end was closed
	readBy  time.Time     // deadlines; zero for none
	writeBy time.Time
}

// packet is bytes under way.
type packet struct {
	bytes []byte
	at    time.Time // when they arrive
	lost  bool      // never
}

// pair makes a connection between two hosts.
func pair(a *Host, from netip.AddrPort, b *Host, to netip.AddrPort) (net.Conn, net.Conn) {
	there := &line{from: a, to: b, changed: make(chan struct{})}
	back := &line{from: b, to: a, changed: make(chan struct{})}
	return &conn{from, to, back, there}, &conn{to, from, there, back}
}

// wake has all who wait look again. The caller holds the lock.
func (l *line) wake() {
	close(l.changed)
	l.changed = make(chan struct{})
}

// wait gives the lock up until something changes, or until a time if it is not zero.
func (l *line) wait(until time.Time) {
	changed := l.changed
	l.mu.Unlock()
	defer l.mu.Lock()
	if until.IsZero() {
		<-changed
		return
	}
	timer := time.NewTimer(time.Until(until))
	defer timer.Stop()
	select {
	case <-changed:
	case <-timer.C:
	}
}

// passed reports whether a deadline is over.
func passed(t time.Time) bool { return !t.IsZero() && !time.Now().Before(t) }

// earlier returns the earlier of two times, of which zero is never.
func earlier(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

func (c *conn) Read(p []byte) (int, error) {
	l := c.in
	l.mu.Lock()
	defer l.mu.Unlock()
	for {
		var next time.Time
		switch {
		case l.unheard:
			return 0, net.ErrClosed
		case passed(l.readBy):
			return 0, os.ErrDeadlineExceeded
		case len(p) == 0:
			return 0, nil
		case len(l.packets) > 0 && !l.packets[0].lost:
			if next = later(l.packets[0].at, l.to.free()); !next.After(time.Now()) {
				n := l.read(p[:min(len(p), segment)])
				l.to.arrive(n)
				return n, nil
			}
		case len(l.packets) == 0 && l.ended:
			return 0, io.EOF
		}
		l.wait(earlier(next, l.readBy))
	}
}

// read takes what has arrived.
func (l *line) read(p []byte) (n int) {
	now := time.Now()
	for len(l.packets) > 0 && n < len(p) && !l.packets[0].lost && !l.packets[0].at.After(now) {
		first := &l.packets[0]
		m := copy(p[n:], first.bytes)
		n += m
		if first.bytes = first.bytes[m:]; len(first.bytes) == 0 {
			l.packets = l.packets[1:]
		}
	}
	l.size -= n
	l.wake()
	return n
}

func (c *conn) Write(p []byte) (n int, err error) {
	l := c.out
	l.mu.Lock()
	defer l.mu.Unlock()
	for {
		switch {
		case l.ended:
			return n, net.ErrClosed
		case l.unheard:
			return n, io.ErrClosedPipe
		case passed(l.writeBy):
			return n, os.ErrDeadlineExceeded
		case n == len(p):
			return n, nil
		case l.size < window:
			m := min(len(p)-n, segment, window-l.size)
			at, ok := l.from.depart(m, l.to)
			lost := !ok || l.to.vanished()
			l.packets = append(l.packets, packet{append([]byte(nil), p[n:n+m]...), at, lost})
			l.size += m
			n += m
			l.wake()
			continue
		}
		l.wait(l.writeBy)
	}
}

// Close ends both directions. What was sent still arrives.
func (c *conn) Close() error {
	c.out.mu.Lock()
	again := c.out.ended
	c.out.ended = true
	c.out.wake()
	c.out.mu.Unlock()
	c.in.mu.Lock()
	c.in.unheard = true
	c.in.packets, c.in.size = nil, 0
	c.in.wake()
	c.in.mu.Unlock()
	if again {
		return net.ErrClosed
	}
	return nil
}

func (c *conn) LocalAddr() net.Addr  { return net.TCPAddrFromAddrPort(c.local) }
func (c *conn) RemoteAddr() net.Addr { return net.TCPAddrFromAddrPort(c.remote) }

func (c *conn) SetDeadline(t time.Time) error {
	c.SetReadDeadline(t)
	return c.SetWriteDeadline(t)
}

func (c *conn) SetReadDeadline(t time.Time) error {
	c.in.mu.Lock()
	defer c.in.mu.Unlock()
	c.in.readBy = t
	c.in.wake()
	return nil
}

func (c *conn) SetWriteDeadline(t time.Time) error {
	c.out.mu.Lock()
	defer c.out.mu.Unlock()
	c.out.writeBy = t
	c.out.wake()
	return nil
}
