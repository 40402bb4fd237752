package connect

import (
	"context"
	"errors"
	"io"
	"net"
	"slices"
	"syscall"
	"time"

	"github.com/shoal-bt/shoal/handshake"
	"github.com/shoal-bt/shoal/swarm"
)

// StartLen is the number of bytes by which a plain handshake is told from others.
const StartLen = 1 + len(handshake.Protocol)

// Why an accepted connection has no handshake that we accept.
var (
	errPlain       = errors.New("the peer does not encrypt; allow plain connections to let it in")
	errUnknownKind = errors.New("the peer began with something that is neither a BitTorrent handshake nor encryption that we know")
	errOtherSwarm  = errors.New("the handshake names another swarm than the encryption")
	errManyKeys    = errors.New("too many exchanges of keys; it may come again in a second")
)

// errNoSocket is the error of SyscallConn.
var errNoSocket = errors.New("the connection is no socket, or its first bytes are still to be read")

// An Answer says what to answer a peer that dialed us. It is called once, when the peer has
// named a swarm; its peer id is not known yet. ErrNoTorrent, or another error, refuses the
// peer, which gets no answer then. The InfoHash of ours may be zero, which means theirs.
type Answer func(theirs handshake.Handshake) (ours handshake.Handshake, err error)

// Accept shakes hands with a peer that dialed us: plain or by one of the Secures, which it
// tells apart by the first bytes. It gives up when ctx is done. After an error, which is an
// *Error, the socket is closed.
func (c *Connector) Accept(ctx context.Context, socket net.Conn, answer Answer) (*Conn, error) {
	conn := &Conn{Conn: socket, Addr: AddrPort(socket.RemoteAddr())}
	if c.Blocked(conn.Addr.Addr()) {
		socket.Close()
		return nil, &Error{Addr: conn.Addr, Why: Filtered}
	}
	if c.options.HandshakeTimeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, c.options.HandshakeTimeout)
		defer cancel()
	}
	err := c.accept(ctx, conn, answer)
	if err != nil {
		conn.Close()
		return nil, &Error{Addr: conn.Addr, Why: handshakeReason(err), Err: err}
	}
	return conn, nil
}

// accept secures the connection if its first bytes say so, and shakes hands.
func (c *Connector) accept(ctx context.Context, conn *Conn, answer Answer) error {
	if slices.Equal(c.options.Accepts, []Secure{nil}) {
		return conn.answer(ctx, conn.Conn, answer)
	}
	start, err := readStart(ctx, conn.Conn)
	if err != nil {
		return err
	}
	s, err := c.secureOf(start)
	if err != nil {
		return err
	}
	begun := &begunConn{conn.Conn, start}
	if s == nil {
		return conn.answer(ctx, begun, answer)
	}
	if !c.exchanges.allow(time.Now(), conn.Addr.Addr()) {
		return errManyKeys
	}
	var id swarm.ID
	var isUnknown bool
	secured, err := s.Accept(ctx, begun, func(mark [20]byte) (found [20]byte, ok bool) {
		id, ok = c.swarms.find(s, mark)
		isUnknown = !ok
		return id, ok
	})
	switch {
	case isUnknown:
		return ErrNoTorrent
	case err != nil:
		return secureError{err}
	}
	conn.Conn = secured
	return conn.answer(ctx, secured, func(theirs handshake.Handshake) (handshake.Handshake, error) {
		if swarm.ID(theirs.InfoHash) != id {
			return handshake.Handshake{}, errOtherSwarm
		}
		return answer(theirs)
	})
}

// answer shakes hands on a connection that is plain by now. from is the connection, or one
// with its first bytes.
func (c *Conn) answer(ctx context.Context, from net.Conn, answer Answer) (err error) {
	c.Theirs, err = handshake.Accept(ctx, from, func(theirs handshake.Handshake) (handshake.Handshake, error) {
		ours, err := answer(theirs)
		if err != nil {
			return ours, refusal{err}
		}
		ours.InfoHash = theirs.InfoHash
		c.Ours = ours
		return ours, nil
	}, handshake.Options{Timeout: -1}) // ctx has the limit
	c.Swarm = swarm.ID(c.Theirs.InfoHash)
	return err
}

// secureOf returns the Secure that takes connections that begin with start; nil for a plain
// one.
func (c *Connector) secureOf(start []byte) (Secure, error) {
	isPlain := start[0] == byte(len(handshake.Protocol)) && string(start[1:]) == handshake.Protocol
	for _, s := range c.options.Accepts {
		switch {
		case s == nil && isPlain:
			return nil, nil
		case s != nil && !isPlain && s.Begins(start):
			return s, nil
		}
	}
	if isPlain {
		return nil, errPlain
	}
	return nil, errUnknownKind
}

// readStart reads the first bytes of a connection, until ctx is done.
func readStart(ctx context.Context, c net.Conn) ([]byte, error) {
	moved := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(moved)
		c.SetReadDeadline(time.Unix(1, 0))
	})
	start := make([]byte, StartLen)
	_, err := io.ReadFull(c, start)
	if !stop() {
		<-moved
		return nil, context.Cause(ctx)
	}
	return start, err
}

// A begunConn is a connection with its first bytes.
type begunConn struct {
	net.Conn
	start []byte // still to be read
}

// Read reads the first bytes, and then the connection.
func (c *begunConn) Read(p []byte) (int, error) {
	if len(c.start) == 0 {
		return c.Conn.Read(p)
	}
	n := copy(p, c.start)
	c.start = c.start[n:]
	return n, nil
}

// SyscallConn returns the socket when the first bytes have been read.
func (c *begunConn) SyscallConn() (syscall.RawConn, error) {
	socket, ok := c.Conn.(syscall.Conn)
	if !ok || len(c.start) > 0 {
		return nil, errNoSocket
	}
	return socket.SyscallConn()
}
