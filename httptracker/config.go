package httptracker

import (
	"context"
	"crypto/tls"
	"math"
	"net"
	"net/http"
	"net/netip"
	"time"
)

// A Config tunes a Tracker. Its zero value is ready for use. A Config is read
// once and not kept; what it points to must not change while it is used.
type Config struct {
	// Client makes the requests, but for redirects, which are followed
	// without its CheckRedirect. Nil means a connection for each announce,
	// from each address of From, that is closed after it. A Client may keep
	// connections; and an http.Transport goes on to connect for a while
	// after an announce was canceled.
	Client *http.Client

	// TLS is used for https where Client is nil. Nil verifies certificates
	// against the system's roots.
	TLS *tls.Config

	// Dial makes connections where Client is nil, on network "tcp4" or "tcp6".
	// Nil means a net.Dialer, bound to an address of From.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)

	// From lists our addresses to announce from, each by a connection of its
	// own (BEP 7). An unspecified address stands for any of its family.
	// Empty means 0.0.0.0 and ::. Not used with Client.
	From []netip.Addr

	// RefuseLocal refuses trackers on loopback, private and link-local
	// addresses. A redirect from a public address to such a one is refused
	// always. With Client, only addresses in URLs and the name localhost are
	// looked at, not what names resolve to.
	RefuseLocal bool

	// UserAgent is sent with requests. Empty means "Shoal/0.1.0".
	UserAgent string

	// Key tells the tracker that it is us when our address changes. Zero
	// means a random one for each Tracker.
	Key uint32

	// IP is sent as our address, which trackers seldom believe. Zero means
	// that it is left to them.
	IP netip.Addr

	// MaxWant is the number of peers to ask for at most. Zero means 200, a
	// negative number means no limit.
	MaxWant int

	// MaxPeers is the number of addresses to take from one answer. Zero
	// means 3,000, a negative number means no limit.
	MaxPeers int

	// MaxBody is the length of an answer in bytes, before and after it is
	// decompressed. Zero means 1 MiB, a negative number means no limit.
	MaxBody int64

	// Timeout bounds an announce or a scrape, redirects included. Zero means
	// 30 s, a negative number means no limit.
	Timeout time.Duration

	// Silence is how long a tracker may let us wait for the next byte, or
	// for a connection. Zero means 10 s, a negative number means no limit.
	Silence time.Duration

	// StopTimeout bounds an announce with event stopped. Zero means 5 s, a
	// negative number means no limit.
	StopTimeout time.Duration

	// MinInterval and MaxInterval bound the intervals that a tracker may ask
	// for, and MinInterval those after errors. Zero means 10 s and 24 h; a
	// negative number means no bound but a second and a year.
	MinInterval, MaxInterval time.Duration

	// Backoff is how long to wait after the first error in a row. It doubles
	// with each until it is MaxBackoff, and is then spread by a quarter
	// either way. Zero means 30 s and 30 min; a negative number a second.
	Backoff, MaxBackoff time.Duration

	// Seed is that of the random choices. Zero means a random one.
	Seed uint64
}

// defaultInterval is used where a tracker names none.
const defaultInterval = 30 * time.Minute

// maxRedirects is how many redirects are followed in a row.
const maxRedirects = 5

// withDefaults returns c with every default filled in; 0 is then no limit.
func (c Config) withDefaults() Config {
	if c.UserAgent == "" {
		c.UserAgent = "Shoal/0.1.0"
	}
	if len(c.From) == 0 {
		c.From = []netip.Addr{netip.IPv4Unspecified(), netip.IPv6Unspecified()}
	}
	c.MaxWant = orDefault(c.MaxWant, 200, math.MaxInt32)
	c.MaxPeers = orDefault(c.MaxPeers, 3000, math.MaxInt32)
	c.MaxBody = orDefault(c.MaxBody, 1<<20, math.MaxInt64-1)
	c.Timeout = orDefault(c.Timeout, 30*time.Second, 0)
	c.Silence = orDefault(c.Silence, 10*time.Second, 0)
	c.StopTimeout = orDefault(c.StopTimeout, 5*time.Second, 0)
	c.MinInterval = orDefault(c.MinInterval, 10*time.Second, time.Second)
	c.MaxInterval = max(c.MinInterval, orDefault(c.MaxInterval, 24*time.Hour, 365*24*time.Hour))
	c.Backoff = orDefault(c.Backoff, 30*time.Second, time.Second)
	c.MaxBackoff = max(c.Backoff, orDefault(c.MaxBackoff, 30*time.Minute, time.Second))
	return c
}

// orDefault returns v, zero where v is 0 and off where it is negative.
func orDefault[T int | int64 | time.Duration](v, zero, off T) T {
	switch {
	case v == 0:
		return zero
	case v < 0:
		return off
	}
	return v
}
