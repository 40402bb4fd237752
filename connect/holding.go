package connect

import "sync"

// mayHold reports whether a group may take one more of the places of Options.MaxConns. The
// caller holds the lock.
func (c *Connector) mayHold(g *group) bool {
	most := c.options.MaxConns
	free := most - c.held
	switch {
	case most < 0:
		return true
	case g.held == 0:
		return free > 0
	}
	return free > most/8 && g.held <= free
}

// hold takes a place. The caller holds the lock.
func (c *Connector) hold(g *group) {
	g.held++
	c.held++
}

// unhold gives a place back, and begins a dial that waited for it.
func (c *Connector) unhold(g *group) {
	c.mu.Lock()
	defer c.mu.Unlock()
	g.held--
	c.held--
	c.tidy(g)
	c.beginNext()
}

// dialAndHold dials. If next took a place for it, the connection has it now.
func (c *Connector) dialAndHold(g *group, p *pending) (*Conn, error) {
	conn, err := c.dial(p)
	switch {
	case p.Admit != nil:
	case err != nil:
		c.unhold(g)
	default:
		conn.release = sync.OnceFunc(func() { c.unhold(g) })
	}
	return conn, err
}

// Deliver hands an accepted connection to a Receiver, in whose group it takes a place. It
// closes the connection and reports false if there is none.
func (c *Connector) Deliver(conn *Conn, to Receiver) bool {
	g, ok := c.tryHold(to.Group)
	if !ok {
		conn.Close()
		return false
	}
	conn.release = sync.OnceFunc(func() { c.unhold(g) })
	to.Take(conn)
	return true
}

// tryHold takes a place for a group, if it may.
func (c *Connector) tryHold(key any) (*group, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	g := c.groupOf(key)
	if !c.mayHold(g) {
		c.tidy(g)
		return nil, false
	}
	c.hold(g)
	return g, true
}
