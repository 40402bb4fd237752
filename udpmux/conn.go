package udpmux

import (
	"net"
	"net/netip"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

// A Conn is one user's part of a socket. It is a net.PacketConn.
type Conn struct {
	mux    *Mux
	claim  Claim
	queue  chan datagram
	size   atomic.Int64  // bytes in the queue
	closed chan struct{} // closed by end

	received, dropped atomic.Int64

	readBy deadline

	mu      sync.Mutex
	writeBy time.Time // zero for never
	isEnded bool
	failed  chan struct{} // closed when the socket has failed
	err     error         // why, to be read after failed is closed
}

// A datagram waits in a queue.
type datagram struct {
	bytes []byte
	pool  *[pooledSize]byte // where bytes is, to be used again; nil if it is too long
	from  netip.AddrPort    // if the socket says it in this form
	addr  net.Addr          // else
}

// pooledSize holds datagrams of any Ethernet. Longer ones are rare.
const pooledSize = 2048

var pool = sync.Pool{New: func() any { return new([pooledSize]byte) }}

func newConn(m *Mux, claim Claim) *Conn {
	return &Conn{
		mux:    m,
		claim:  claim,
		queue:  make(chan datagram, m.config.MaxDatagrams),
		closed: make(chan struct{}),
		failed: make(chan struct{}),
	}
}

// deliver puts a copy of a datagram into the queue, if there is room.
func (c *Conn) deliver(b []byte, d datagram) {
	c.received.Add(1)
	isFull := len(c.queue) == cap(c.queue) ||
		(c.mux.config.MaxBytes > 0 && c.size.Load()+int64(len(b)) > int64(c.mux.config.MaxBytes))
	if isFull {
		c.dropped.Add(1)
		return
	}
	if len(b) <= pooledSize {
		d.pool = pool.Get().(*[pooledSize]byte)
		d.bytes = d.pool[:0]
	}
	d.bytes = append(d.bytes, b...)
	c.size.Add(int64(len(b)))
	c.queue <- d // there is room, because nobody else puts any in
}

// Stats returns the number of datagrams that were for this user, and of those among them
// that were dropped because its queue was full.
func (c *Conn) Stats() (received, dropped int64) { return c.received.Load(), c.dropped.Load() }

// next waits for a datagram. A deadline that has passed and a Close come first.
func (c *Conn) next() (datagram, error) {
	timeout := c.readBy.done()
	select {
	case <-c.closed:
		return datagram{}, net.ErrClosed
	case <-timeout:
		return datagram{}, os.ErrDeadlineExceeded
	default:
	}
	select {
	case d := <-c.queue:
		return d, nil
	case <-c.closed:
		return datagram{}, net.ErrClosed
	case <-timeout:
		return datagram{}, os.ErrDeadlineExceeded
	case <-c.failed:
	}
	select {
	case d := <-c.queue:
		return d, nil
	default:
		return datagram{}, c.err
	}
}

// take copies a datagram to p and gives its buffer back.
func (c *Conn) take(p []byte, d datagram) int {
	n := copy(p, d.bytes)
	c.size.Add(-int64(len(d.bytes)))
	if d.pool != nil {
		pool.Put(d.pool)
	}
	return n
}

// ReadFrom copies the next datagram to p. What does not fit is lost.
func (c *Conn) ReadFrom(p []byte) (int, net.Addr, error) {
	d, err := c.next()
	if err != nil {
		return 0, nil, c.opError("read", err)
	}
	n := c.take(p, d)
	if d.addr != nil {
		return n, d.addr, nil
	}
	return n, net.UDPAddrFromAddrPort(d.from), nil
}

// ReadFromUDPAddrPort is ReadFrom for callers that want no net.Addr. The address is zero if
// the socket is not one of UDP.
func (c *Conn) ReadFromUDPAddrPort(p []byte) (int, netip.AddrPort, error) {
	d, err := c.next()
	if err != nil {
		return 0, netip.AddrPort{}, c.opError("read", err)
	}
	n := c.take(p, d)
	u, ok := d.addr.(*net.UDPAddr)
	if ok {
		return n, u.AddrPort(), nil
	}
	return n, d.from, nil
}

// WriteTo sends a datagram at once. A deadline or a Close that comes later does not end a
// write that the system holds up.
func (c *Conn) WriteTo(p []byte, to net.Addr) (int, error) {
	err := c.mayWrite()
	if err != nil {
		return 0, c.opError("write", err)
	}
	return c.mux.socket.WriteTo(p, to)
}

// WriteToUDPAddrPort is WriteTo for callers that have no net.Addr.
func (c *Conn) WriteToUDPAddrPort(p []byte, to netip.AddrPort) (int, error) {
	u, ok := c.mux.socket.(udpConn)
	if !ok {
		return c.WriteTo(p, net.UDPAddrFromAddrPort(to))
	}
	err := c.mayWrite()
	if err != nil {
		return 0, c.opError("write", err)
	}
	return u.WriteToUDPAddrPort(p, to)
}

func (c *Conn) mayWrite() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.isEnded:
		return net.ErrClosed
	case !c.writeBy.IsZero() && !time.Now().Before(c.writeBy):
		return os.ErrDeadlineExceeded
	}
	return nil
}

// opError adds what was tried, as package net does.
func (c *Conn) opError(op string, err error) error {
	return &net.OpError{Op: op, Net: "udp", Addr: c.LocalAddr(), Err: err}
}

// LocalAddr returns the address of the socket.
func (c *Conn) LocalAddr() net.Addr { return c.mux.LocalAddr() }

// SetDeadline sets both deadlines, of this user alone. The zero time means none.
func (c *Conn) SetDeadline(t time.Time) error {
	c.SetReadDeadline(t)
	return c.SetWriteDeadline(t)
}

// SetReadDeadline sets until when reads wait, also those under way.
func (c *Conn) SetReadDeadline(t time.Time) error {
	c.readBy.set(t)
	return nil
}

// SetWriteDeadline sets until when writes may begin.
func (c *Conn) SetWriteDeadline(t time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.writeBy = t
	return nil
}

// Close ends the user's part. The socket stays open for the others. It may be called again.
func (c *Conn) Close() error {
	c.end()
	c.mux.remove(c)
	return nil
}

// end ends reads and writes.
func (c *Conn) end() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.isEnded {
		return
	}
	c.isEnded = true
	close(c.closed)
	c.readBy.set(time.Time{})
}

// fail has reads return an error when the queue is empty.
func (c *Conn) fail(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err == nil {
		c.err = err
		close(c.failed)
	}
}
