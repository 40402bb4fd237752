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
	// hands; nil means a plain connection. Peers that dial us may use any of them. Empty
	// means plain connections alone.
	Secures []Secure

	// HalfOpen is the number of dials that may be under way at once. An eighth of them is
	// kept for groups that have none under way. Zero means 50, a negative number means no
	// limit.
	HalfOpen int

	// ConnectTimeout ends an attempt to connect; zero means 15 s. HandshakeTimeout ends
	// a handshake; zero means 10 s. Negative means no limit. Request.First says when an
	// attempt has less time.
	ConnectTimeout, HandshakeTimeout time.Duration

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
	closed bool           // Close was called

	swarms swarms
}

// New returns a Connector.
func New(o Options) *Connector {
	o.Dialers, o.Secures = slices.Clone(o.Dialers), slices.Clone(o.Secures)
	if len(o.Dialers) == 0 {
		o.Dialers = []Dialer{TCP{}}
	}
	if len(o.Secures) == 0 {
		o.Secures = []Secure{nil}
	}
	o.HalfOpen = cmp.Or(o.HalfOpen, 50)
	o.ConnectTimeout = cmp.Or(o.ConnectTimeout, 15*time.Second)
	o.HandshakeTimeout = cmp.Or(o.HandshakeTimeout, 10*time.Second)
	if o.Blocked == nil {
		o.Blocked = func(netip.Addr) bool { return false }
	}
	return &Connector{options: o, groups: make(map[any]*group)}
}

// Blocked reports whether the filter blocks an address.
func (c *Connector) Blocked(a netip.Addr) bool { return c.options.Blocked(a.Unmap()) }

// Close refuses further dials, and waits until none waits or is under way. It ends none of
// them: those who dial do that by their contexts. Connections stay open.
func (c *Connector) Close() {
	c.mu.Lock()
	c.closed = true
	c.mu.Unlock()
	c.running.Wait()
}
