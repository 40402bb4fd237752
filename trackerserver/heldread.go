package trackerserver

// While a request is answered, net/http reads one byte from the connection, to cancel the
// request's context if the peer closes it, and interrupts that Read when the answer is sent.
// Nearly all answers are sent at once, and that Read costs each a system call. So it is held
// back until it is interrupted, or for up to a second if the Handler takes longer. The
// context is canceled that much later.
//
// There is a token in the channel release if the Read need not wait. A token that nobody
// took is removed when the next request comes. One too many does no harm.

// startHolding has hold wait again, unless the connection is closed.
func (c *limitedConn) startHolding() {
	select {
	case <-c.release:
	default:
	}
	if c.closed.Load() {
		c.stopHolding() // the token of Close may be the one that was removed
	}
}

// hold waits for stopHolding.
func (c *limitedConn) hold() { <-c.release }

// stopHolding ends hold, or the next one. It may be called concurrently.
func (c *limitedConn) stopHolding() {
	select {
	case c.release <- struct{}{}:
	default:
	}
}
