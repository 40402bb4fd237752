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

// tryDialer connects by one Dialer, once for each Secure until the peer shakes hands. It begins
// with the one with which the address did that before.
func (c *Connector) tryDialer(p *pending, d Dialer) (conn *Conn, wasReached bool, last *Error) {
	order := c.preferred.order(p.Addr, c.options.Secures)
	for i, s := range order {
		socket, err := c.open(p, d)
		if err != nil && !wasReached {
			return nil, false, p.failed(Unreached, err)
		}
		if err != nil {
			break // it answered before, so how that ended says more
		}
		wasReached = true
		limit := c.options.HandshakeTimeout
		isFollowed := i+1 < len(order)
		if s != nil && isFollowed {
			limit = shorter(limit, c.options.SecureTimeout)
		}
		conn, err := c.initiate(p, s, socket, limit)
		if err == nil {
			c.preferred.remember(p.Addr, s, s != c.options.Secures[0])
			return conn, true, nil
		}
		socket.Close()
		last = p.failed(handshakeReason(err), err)
		if last.Why.isFinal() {
			break
		}
	}
	if !last.Why.isFinal() {
		c.preferred.remember(p.Addr, nil, false)
	}
	return nil, wasReached, last
}

// shorter returns the shorter of two limits. A negative one is none.
func shorter(a, b time.Duration) time.Duration {
	if a < 0 || (b >= 0 && b < a) {
		return b
	}
	return a
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
	limit := c.options.ConnectTimeout
	err = c.step(p, limit, limit/3, func(ctx context.Context) (err error) {
		socket, err = d.DialContext(ctx, "tcp", p.Addr.String())
		return err
	})
	return socket, err
}

// initiate shakes hands with a peer that we dialed.
func (c *Connector) initiate(p *pending, s Secure, socket net.Conn, limit time.Duration) (*Conn, error) {
	conn := &Conn{Conn: socket, Addr: p.Addr, Swarm: swarm.ID(p.Ours.InfoHash), Ours: p.Ours, Outgoing: true}
	err := c.step(p, limit, c.options.HandshakeTimeout/3, func(ctx context.Context) (err error) {
		o := handshake.Options{Timeout: -1} // ctx has the limit
		if s == nil {
			conn.Theirs, err = handshake.Initiate(ctx, socket, p.Ours, o)
			return err
		}
		first := p.Ours.AppendTo(nil)
		conn.Conn, err = s.Initiate(ctx, socket, conn.Swarm, first)
		if err != nil {
			return secureError{err}
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

// step runs a step of a dial, which has the given time, no limit if that is negative. After
// early, step ends the first dial to an address if others wait.
func (c *Connector) step(p *pending, limit, early time.Duration, f func(ctx context.Context) error) error {
	if limit < 0 {
		return f(p.ctx)
	}
	ctx, giveUp := context.WithCancelCause(p.ctx)
	defer giveUp(nil)
	if p.First {
		timer := time.AfterFunc(early, func() {
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
