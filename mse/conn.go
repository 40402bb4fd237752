package mse

import (
	"crypto/rc4"
	"errors"
	"net"
	"sync"
	"syscall"
)

const (
	// smallBuffer and largeBuffer are the bytes that are encrypted at once. A write that the peer
	// does not take holds one buffer, so short messages have small ones.
	smallBuffer = 2 << 10
	largeBuffer = 32 << 10
)

// The buffers are shared by the connections that write.
var (
	smallBuffers = sync.Pool{New: func() any { return new([smallBuffer]byte) }}
	largeBuffers = sync.Pool{New: func() any { return new([largeBuffer]byte) }}
)

// errNoSocket is the error of SyscallConn.
var errNoSocket = errors.New("mse: what goes through the socket is encrypted; use Read and Write")

// A Conn is a connection behind the exchange. All its methods may be called concurrently.
type Conn struct {
	net.Conn // the connection that was encrypted
	payload  Payload

	read struct {
		mu    sync.Mutex
		first []byte      // that the peer sent along with the exchange, decrypted, still to be read
		rc4   *rc4.Cipher // nil if the payload is plain
	}
	write struct {
		mu  sync.Mutex
		rc4 *rc4.Cipher // nil if the payload is plain
	}
}

// newConn returns the connection behind an exchange.
func newConn(x *exchange, selected Payload, first []byte) *Conn {
	c := &Conn{Conn: x.conn, payload: selected}
	c.read.first = first
	if selected == RC4 {
		c.read.rc4, c.write.rc4 = x.in, x.out
	}
	return c
}

// Payload returns how the connection sends what follows the exchange: Plain or RC4.
func (c *Conn) Payload() Payload { return c.payload }

// Read reads into p, and decrypts it there.
func (c *Conn) Read(p []byte) (int, error) {
	c.read.mu.Lock()
	defer c.read.mu.Unlock()
	if len(c.read.first) > 0 {
		n := copy(p, c.read.first)
		c.read.first = c.read.first[n:]
		if len(c.read.first) == 0 {
			c.read.first = nil
		}
		return n, nil
	}
	n, err := c.Conn.Read(p)
	if c.read.rc4 != nil {
		c.read.rc4.XORKeyStream(p[:n], p[:n])
	}
	return n, err
}

// Write encrypts p into a buffer of its own, and writes that. After an error that is no end, such
// as that of a deadline, it can go on behind the bytes that it has written.
func (c *Conn) Write(p []byte) (n int, err error) {
	if c.payload == Plain {
		return c.Conn.Write(p)
	}
	c.write.mu.Lock()
	defer c.write.mu.Unlock()
	if len(p) <= smallBuffer {
		buf := smallBuffers.Get().(*[smallBuffer]byte)
		defer smallBuffers.Put(buf)
		return c.writeThrough(buf[:], p)
	}
	buf := largeBuffers.Get().(*[largeBuffer]byte)
	defer largeBuffers.Put(buf)
	return c.writeThrough(buf[:], p)
}

// writeThrough writes p, by as much as buf takes at once. The caller holds the lock.
func (c *Conn) writeThrough(buf, p []byte) (n int, err error) {
	for {
		part := p[n:min(n+len(buf), len(p))]
		before := *c.write.rc4
		c.write.rc4.XORKeyStream(buf, part)
		written, err := c.Conn.Write(buf[:len(part)])
		n += written
		if err != nil {
			// The key stream belongs to bytes that were sent.
			*c.write.rc4 = before
			c.write.rc4.XORKeyStream(buf, part[:written])
			return n, err
		}
		if n == len(p) {
			return n, nil
		}
	}
}

// SyscallConn returns the socket, if there is one, so that a caller can read into several buffers
// at once. It is an error if the payload is encrypted, or if first bytes of the peer are still to be
// read.
func (c *Conn) SyscallConn() (syscall.RawConn, error) {
	c.read.mu.Lock()
	defer c.read.mu.Unlock()
	socket, ok := c.Conn.(syscall.Conn)
	if !ok || c.payload != Plain || len(c.read.first) > 0 {
		return nil, errNoSocket
	}
	return socket.SyscallConn()
}
