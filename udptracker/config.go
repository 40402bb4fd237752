package udptracker

import (
	"context"
	"math"
	"net"
	"net/netip"
	"net/url"
	"time"

	"github.com/shoal-bt/shoal/swarm"
)

// A Config configures Trackers. Its zero value is ready for use. A Config is read once
// and not kept. What it points to must not change while the Trackers are in use.
type Config struct {
	// From lists our addresses to announce from, each with its own socket. An
	// unspecified address means any address of its family. Empty means 0.0.0.0
	// and ::. Not used with Conn4 or Conn6.
	From []netip.Addr

	// Conn4 and Conn6 are sockets of the caller's for trackers with an IPv4 and an
	// IPv6 address. They may be the same socket. If one of them is set, no other
	// sockets are used, so only trackers of its family are reached. While a call
	// runs, packets are read from them and their read deadline is changed. They are
	// never closed.
	Conn4, Conn6 net.PacketConn

	// Listen opens a socket on network "udp4" or "udp6" at "host:0". It may be
	// called concurrently. Nil means the method of a net.ListenConfig.
	Listen func(ctx context.Context, network, address string) (net.PacketConn, error)

	// Resolve returns the addresses of a host name. It must obey ctx and may be
	// called concurrently. Nil means the resolver of net.
	Resolve func(ctx context.Context, host string) ([]netip.Addr, error)

	// RefuseLocal refuses trackers on loopback, private and link-local addresses.
	RefuseLocal bool

	// Key lets the tracker recognize us when our address changes, and match what we
	// announce over IPv4 and IPv6. Zero means a random key for each Tracker.
	Key uint32

	// IP is sent as our address if it is IPv4. Few trackers believe it. Zero means
	// that none is sent.
	IP netip.Addr

	// Params returns parameters to add to the query of the announce URL, such as a token
	// of the tracker's; nil for none. Trackers read them only if they support BEP 41.
	// announceURL is complete, so that the token of one tracker goes to no other, and a is
	// what is announced. Parameters that announces have already, such as port, are left
	// out, and so are those that do not fit into a packet; Answer.Warning or the error says
	// which. Errors and warnings do not show the values. Params may be called concurrently
	// and must return at once, and what it returned must not change any more. Nil means
	// that nothing is added.
	Params func(announceURL string, a swarm.Announcement) url.Values

	// MaxWant is the largest number of peers to ask for. Zero means 200, a negative
	// number means no limit.
	MaxWant int

	// MaxPeers is the largest number of addresses to take from one answer. Zero
	// means 3,000, a negative number means no limit but that of a packet.
	MaxPeers int

	// Timeout bounds an announce, and each request of a scrape, with everything that
	// is sent again. Zero means 45 s, a negative number means no limit.
	Timeout time.Duration

	// Silence is how long to wait for an answer before a request is sent again. It
	// doubles each time, eight times at most. Zero means 15 s as in BEP 15, a
	// negative number means a second.
	Silence time.Duration

	// StopTimeout bounds an announce with event stopped. Zero means 3 s, a negative
	// number means no limit.
	StopTimeout time.Duration

	// MinInterval and MaxInterval bound the intervals that a tracker may ask for;
	// MinInterval also bounds the intervals after it refused. Zero means 10 s and
	// 24 h, a negative number means a second and a year.
	MinInterval, MaxInterval time.Duration

	// Backoff is the wait after the first error in a row that is no silence. It
	// doubles with each further error up to MaxBackoff and is then varied at random
	// by up to a quarter. Zero means 30 s and 30 min, a negative number means a
	// second.
	Backoff, MaxBackoff time.Duration

	// Seed is the seed of Key and of Backoff. Zero means a random seed. Transaction
	// ids are always random, because nobody may guess them.
	Seed uint64
}

const (
	defaultInterval = 30 * time.Minute // if a tracker names no interval
	idLifetime      = time.Minute      // how long a connection id is used
	lingerTime      = time.Minute      // how long a socket stays open that nobody uses
	maxDoublings    = 8                // of Silence
	maxIgnored      = 50_000           // packets during one call that are no answers
	maxIgnoredOwn   = 1000             // of these, packets that the tracker sent which is asked
	maxReadErrors   = 100              // of a socket in a row
)

// withDefaults returns c with every default filled in. In the result 0 means no limit.
func (c Config) withDefaults() Config {
	if len(c.From) == 0 {
		c.From = []netip.Addr{netip.IPv4Unspecified(), netip.IPv6Unspecified()}
	}
	if c.Listen == nil {
		c.Listen = new(net.ListenConfig).ListenPacket
	}
	if c.Resolve == nil {
		c.Resolve = func(ctx context.Context, host string) ([]netip.Addr, error) {
			return net.DefaultResolver.LookupNetIP(ctx, "ip", host)
		}
	}
	c.MaxWant = orDefault(c.MaxWant, 200, math.MaxInt32)
	c.MaxPeers = orDefault(c.MaxPeers, 3000, math.MaxInt32)
	c.Timeout = orDefault(c.Timeout, 45*time.Second, 0)
	c.Silence = orDefault(c.Silence, 15*time.Second, time.Second)
	c.StopTimeout = orDefault(c.StopTimeout, 3*time.Second, 0)
	c.MinInterval = orDefault(c.MinInterval, 10*time.Second, time.Second)
	c.MaxInterval = max(c.MinInterval, orDefault(c.MaxInterval, 24*time.Hour, 365*24*time.Hour))
	c.Backoff = orDefault(c.Backoff, 30*time.Second, time.Second)
	c.MaxBackoff = max(c.Backoff, orDefault(c.MaxBackoff, 30*time.Minute, time.Second))
	return c
}

// orDefault returns v, or zero if v is 0, or off if v is negative.
func orDefault[T int | time.Duration](v, zero, off T) T {
	switch {
	case v == 0:
		return zero
	case v < 0:
		return off
	}
	return v
}
