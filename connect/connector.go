package connect

import (
	"cmp"
	"net/netip"
	"slices"
	"sync"
	"time"
)

// Options configure a Connector. The zero value is ready for use: it dials by TCP, and does
// not encrypt.
type Options struct {
	// Dialers connect to a peer, in this order, until one of them does. Empty means a TCP.
	Dialers []Dialer

	// Secures are tried in this order, each on a new connection, until the peer shakes
	// hands; nil means a plain connection. What a peer shook hands with is tried first the
	// next time. Empty means plain connections alone. See Policy.
	Secures []Secure

	// Accepts are what peers that dial us may use; nil means a plain connection. Empty means
	// the same as Secures.
	Accepts []Secure

	// HalfOpen is the number of dials that may be under way at once. An eighth of them is
	// kept for groups that have none under way. Zero means 50, a negative number means no
	// limit.
	HalfOpen int

	// MaxConns is the number of connections that nobody else counts: those of requests
	// without Admit, and those that a Receiver takes. Each has a place until it is closed
	// or released. The last eighth is kept for groups that have none, and a group gets no
	// further place when it has more than are free. Zero means 200, a negative number
	// means no limit.
	MaxConns int

	// ConnectTimeout ends an attempt to connect; zero means 15 s. HandshakeTimeout ends
	// a handshake; zero means 10 s. SecureTimeout ends a handshake with a Secure that another
	// attempt follows; zero means 3 s. Negative means no limit. Request.First says when an
	// attempt has less time.
	ConnectTimeout, HandshakeTimeout, SecureTimeout time.Duration

	// Blocked reports whether an address may not be talked to; nil means that all may.
	// IPv4 addresses have their own form. It must not block.
	Blocked func(netip.Addr) bool
}

// A Connector reaches peers. The limit of dials under way holds for all who use it.
type Connector struct {
	options Options
	running sync.WaitGroup // goroutines that dial

	mu     sync.Mutex
	groups map[any]*group // that dial, or wait to
	turns  []*group       // those that have somebody to dial, the next one first
	busy   int            // dials under way
	held   int            // places of Options.MaxConns that are taken
	closed bool           // Close was called

	swarms    swarms
	exchanges exchanges
	preferred preferred
}

// New returns a Connector.
func New(o Options) *Connector {
	o.Dialers, o.Secures, o.Accepts = slices.Clone(o.Dialers), slices.Clone(o.Secures), slices.Clone(o.Accepts)
	if len(o.Dialers) == 0 {
		o.Dialers = []Dialer{TCP{}}
	}
	if len(o.Secures) == 0 {
		o.Secures = []Secure{nil}
	}
	if len(o.Accepts) == 0 {
		o.Accepts = o.Secures
	}
	o.HalfOpen = cmp.Or(o.HalfOpen, 50)
	o.MaxConns = cmp.Or(o.MaxConns, 200)
	o.ConnectTimeout = cmp.Or(o.ConnectTimeout, 15*time.Second)
	o.HandshakeTimeout = cmp.Or(o.HandshakeTimeout, 10*time.Second)
	o.SecureTimeout = cmp.Or(o.SecureTimeout, 3*time.Second)
	if o.Blocked == nil {
		o.Blocked = func(netip.Addr) bool { return false }
	}
	return &Connector{options: o, groups: make(map[any]*group)}
}

// Blocked reports whether the filter blocks an address.
func (c *Connector) Blocked(a netip.Addr) bool { return c.options.Blocked(a.Unmap()) }

// Close refuses further dials, ends those that wait, and waits for those under way, which
// their callers end by their contexts. Connections stay open.
func (c *Connector) Close() {
	for _, p := range c.refuseDials() {
		p.done(nil, ErrClosed)
	}
	c.running.Wait()
}

// refuseDials refuses further dials, and takes out those that wait.
func (c *Connector) refuseDials() (waiting []*pending) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closed = true
	for _, g := range slices.Clone(c.turns) {
		waiting = append(waiting, g.waiting...)
		g.waiting = nil
		c.tidy(g)
	}
	return waiting
}
