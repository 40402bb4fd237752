package connect

import (
	"context"
	"net/netip"
	"slices"

	"github.com/shoal-bt/shoal/handshake"
)

// A Request is a peer to dial.
type Request struct {
	// Addr is where the peer listens.
	Addr netip.AddrPort

	// Ours is our handshake. Its InfoHash names the swarm.
	Ours handshake.Handshake

	// Group is who dials, such as a torrent. Groups take turns, so that one with many
	// dead addresses does not delay the others. It must be comparable; nil is a group as
	// well.
	Group any

	// First says that nobody dialed the address before. Most addresses that a source
	// names may be dead, so each step has a third of its time if others wait.
	First bool

	// Admit is called when the dial's turn has come, before it connects; an error ends
	// it and is what the caller gets. It is for callers who count their connections
	// themselves. Nil means that the connection takes a place of Options.MaxConns, for
	// which the dial waits.
	Admit func() error
}

// A group is the dials of one Request.Group.
type group struct {
	key     any
	waiting []*pending
	busy    int // dials under way
	held    int // places of Options.MaxConns
}

// A pending is a dial that waits or is under way.
type pending struct {
	Request
	ctx  context.Context
	done func(*Conn, error)
}

// Start dials a peer and shakes hands, as soon as its turn has come, and calls done with the
// connection or an error once, on another goroutine. When ctx is done, the dial ends when its
// turn comes, or at once if it is under way. Close and Forget call done for a dial that waits.
// Start does not block. It reports false if the Connector is closed; done is not called then.
func (c *Connector) Start(ctx context.Context, r Request, done func(*Conn, error)) bool {
	return c.enqueue(&pending{r, ctx, done})
}

// Dial dials a peer and shakes hands, as soon as its turn has come, and returns the
// connection. It gives up when ctx is done. The error is an *Error, that of Request.Admit,
// or ErrClosed.
func (c *Connector) Dial(ctx context.Context, r Request) (*Conn, error) {
	type result struct {
		conn *Conn
		err  error
	}
	results := make(chan result, 1)
	p := &pending{r, ctx, func(conn *Conn, err error) { results <- result{conn, err} }}
	if !c.enqueue(p) {
		return nil, ErrClosed
	}
	select {
	case <-ctx.Done():
		if c.withdraw(p) {
			return nil, p.canceled()
		}
	case got := <-results:
		return got.conn, got.err
	}
	got := <-results // at once, because ctx ended it
	return got.conn, got.err
}

// canceled returns the error of a dial whose caller gave up.
func (p *pending) canceled() error {
	return &Error{Addr: p.Addr, Why: Canceled, Err: context.Cause(p.ctx)}
}

// Forget takes out the dials of a group that are not under way, and calls their done. It is
// for a group that ends, so that it need not wait for the dials of others.
func (c *Connector) Forget(key any) {
	for _, p := range c.takeWaiting(key) {
		p.done(nil, &Error{Addr: p.Addr, Why: Canceled, Err: context.Canceled})
	}
}

// takeWaiting takes out the dials of a group that wait.
func (c *Connector) takeWaiting(key any) []*pending {
	c.mu.Lock()
	defer c.mu.Unlock()
	g := c.groups[key]
	if g == nil {
		return nil
	}
	waiting := g.waiting
	g.waiting = nil
	c.tidy(g)
	return waiting
}

// withdraw takes out a dial. It reports false if its turn has come.
func (c *Connector) withdraw(p *pending) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	g := c.groups[p.Group]
	if g == nil {
		return false
	}
	i := slices.Index(g.waiting, p)
	if i < 0 {
		return false
	}
	g.waiting = slices.Delete(g.waiting, i, i+1)
	c.tidy(g)
	return true
}

// enqueue adds a dial, and begins one if fewer than allowed are under way.
func (c *Connector) enqueue(p *pending) bool {
	p.Addr = unmap(p.Addr)
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return false
	}
	g := c.groupOf(p.Group)
	if len(g.waiting) == 0 {
		c.turns = append(c.turns, g)
	}
	g.waiting = append(g.waiting, p)
	c.beginNext()
	return true
}

// groupOf returns a group, which is new if nobody dials for it. The caller holds the lock.
func (c *Connector) groupOf(key any) *group {
	g := c.groups[key]
	if g == nil {
		g = &group{key: key}
		c.groups[key] = g
	}
	return g
}

// beginNext begins a dial if one may begin. The caller holds the lock.
func (c *Connector) beginNext() {
	g, p := c.next()
	if g != nil {
		c.running.Go(func() { c.run(g, p) })
	}
}

// tidy takes a group out of the turns if none of its dials waits, and forgets it if none is
// under way and it has no place. The caller holds the lock.
func (c *Connector) tidy(g *group) {
	if len(g.waiting) > 0 {
		return
	}
	c.turns = slices.DeleteFunc(c.turns, func(o *group) bool { return o == g })
	if g.busy == 0 && g.held == 0 {
		delete(c.groups, g.key)
	}
}

// run dials until nothing waits.
func (c *Connector) run(g *group, p *pending) {
	for g != nil {
		p.done(c.dialAndHold(g, p))
		g, p = c.endDial(g)
	}
}

// endDial ends the count of a dial and begins the next one.
func (c *Connector) endDial(g *group) (*group, *pending) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.busy--
	g.busy--
	c.tidy(g)
	return c.next()
}

// next begins the dial of the group whose turn it is; nil if none may begin. The last eighth
// of the dials are for groups that have none under way, because the dials of dead addresses
// take long. The caller holds the lock.
func (c *Connector) next() (*group, *pending) {
	most := c.options.HalfOpen
	isLimited := most >= 0
	if isLimited && c.busy >= most {
		return nil, nil
	}
	isScarce := isLimited && c.busy >= most-most/8
	i := slices.IndexFunc(c.turns, func(g *group) bool { return (g.busy == 0 || !isScarce) && c.hasPlace(g) })
	if i < 0 {
		return nil, nil
	}
	g := c.turns[i]
	p := g.waiting[0]
	g.waiting = g.waiting[1:]
	c.turns = slices.Delete(c.turns, i, i+1)
	if len(g.waiting) > 0 {
		c.turns = append(c.turns, g)
	}
	g.busy++
	c.busy++
	if p.Admit == nil {
		c.hold(g)
	}
	return g, p
}

// hasPlace reports whether there is a place for the first dial of a group that waits. The
// caller holds the lock.
func (c *Connector) hasPlace(g *group) bool { return g.waiting[0].Admit != nil || c.mayHold(g) }

// othersWait reports whether dials wait for those under way.
func (c *Connector) othersWait() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.ContainsFunc(c.turns, c.hasPlace)
}
