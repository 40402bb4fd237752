package connect

import (
	"context"
	"fmt"
	"net"
	"time"

	"github.com/shoal-bt/shoal/handshake"
	"github.com/shoal-bt/shoal/swarm"
)

// errOthersWait ends the first dial to an address. A dead one takes all the time that it is
// given.
var errOthersWait = fmt.Errorf("no answer while other dials wait: %w", context.DeadlineExceeded)

// dial makes the attempts to reach a peer, in the order of the options. A Dialer that does
// not reach the peer is followed by the next one. A peer that was reached and did not shake
// hands is asked with the next Secure, and not by the other Dialers, because they lead to
// the same program.
func (c *Connector) dial(p *pending) (*Conn, error) {
	switch {
	case p.ctx.Err() != nil:
		return nil, p.canceled()
	case c.Blocked(p.Addr.Addr()):
		return nil, &Error{Addr: p.Addr, Why: Filtered}
	}
	if p.Admit != nil {
		err := p.Admit()
		if err != nil {
			return nil, err
		}
	}
	var last *Error
	for _, d := range c.options.Dialers {
		conn, wasReached, err := c.tryDialer(p, d)
		if err == nil {
			return conn, nil
		}
		last = err
		if wasReached || err.Why.isFinal() {
			break
		}
	}
	return nil, last
}

// tryDialer connects by one Dialer, once for each Secure until the peer shakes hands.
func (c *Connector) tryDialer(p *pending, d Dialer) (conn *Conn, wasReached bool, last *Error) {
	for _, s := range c.options.Secures {
		socket, err := c.open(p, d)
		if err != nil && !wasReached {
			return nil, false, p.failed(Unreached, err)
		}
		if err != nil {
			break // it answered before, so how that ended says more
		}
		wasReached = true
		conn, err := c.initiate(p, s, socket)
		if err == nil {
			return conn, true, nil
		}
		socket.Close()
		last = p.failed(handshakeReason(err), err)
		if last.Why.isFinal() {
			break
		}
	}
	return nil, wasReached, last
}

// failed returns the error of an attempt that failed. If the caller gave up, that is why.
func (p *pending) failed(why Reason, err error) *Error {
	if p.ctx.Err() != nil {
		return &Error{Addr: p.Addr, Why: Canceled, Err: context.Cause(p.ctx)}
	}
	return &Error{Addr: p.Addr, Why: why, Err: err}
}

// open connects to a peer.
func (c *Connector) open(p *pending, d Dialer) (socket net.Conn, err error) {
	err = c.step(p, c.options.ConnectTimeout, func(ctx context.Context) (err error) {
		socket, err = d.DialContext(ctx, "tcp", p.Addr.String())
		return err
	})
	return socket, err
}

// initiate shakes hands with a peer that we dialed.
func (c *Connector) initiate(p *pending, s Secure, socket net.Conn) (*Conn, error) {
	conn := &Conn{Conn: socket, Addr: p.Addr, Swarm: swarm.ID(p.Ours.InfoHash), Ours: p.Ours, Outgoing: true}
	err := c.step(p, c.options.HandshakeTimeout, func(ctx context.Context) (err error) {
		o := handshake.Options{Timeout: -1} // ctx has the limit
		if s == nil {
			conn.Theirs, err = handshake.Initiate(ctx, socket, p.Ours, o)
			return err
		}
		first := p.Ours.AppendTo(nil)
		conn.Conn, err = s.Initiate(ctx, socket, conn.Swarm, first)
		if err != nil {
			return err
		}
		conn.Theirs, err = handshake.Initiate(ctx, &sentConn{conn.Conn, len(first)}, p.Ours, o)
		return err
	})
	return conn, err
}

// A sentConn drops the bytes that a Secure has sent already.
type sentConn struct {
	net.Conn
	sent int // bytes that are to be dropped
}

// Write drops what was sent, and writes the rest.
func (c *sentConn) Write(p []byte) (int, error) {
	dropped := min(c.sent, len(p))
	c.sent -= dropped
	if dropped == len(p) {
		return dropped, nil
	}
	n, err := c.Conn.Write(p[dropped:])
	return dropped + n, err
}

// step runs a step of a dial, which has the given time, no limit if that is negative. At a
// third of it step ends the first dial to an address if others wait.
func (c *Connector) step(p *pending, limit time.Duration, f func(ctx context.Context) error) error {
	if limit < 0 {
		return f(p.ctx)
	}
	ctx, giveUp := context.WithCancelCause(p.ctx)
	defer giveUp(nil)
	if p.First {
		timer := time.AfterFunc(limit/3, func() {
			if c.othersWait() {
				giveUp(errOthersWait)
			}
		})
		defer timer.Stop()
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	err := f(ctx)
	if err != nil && context.Cause(ctx) == errOthersWait {
		return errOthersWait
	}
	return err
}
