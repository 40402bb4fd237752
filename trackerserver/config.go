package trackerserver

import (
	"math"
	"net/netip"
	"time"

	"github.com/shoal-bt/shoal/swarm"
)

// A Config configures a Server and its Memory. Its zero value is ready for use. New and
// NewMemory read it once.
type Config struct {
	// Handler answers announces and scrapes. Nil means a Memory made from
	// this Config.
	Handler Handler

	// Interval is how long peers should wait between announces. Zero means
	// 30 min.
	Interval time.Duration

	// MinInterval is sent to peers as min interval; it is not enforced. Zero
	// means a minute or Interval, whichever is less. A negative value means
	// that none is sent.
	MinInterval time.Duration

	// Expiry is how long a peer is kept after its last announce, rounded up
	// to seconds. Zero means twice Interval.
	Expiry time.Duration

	// MaxSwarms is the largest number of swarms to keep. Another swarm takes
	// the place of one of the address that has made most: of the one that was
	// announced longest ago. Zero means 100,000, a negative number means no
	// limit.
	MaxSwarms int

	// MaxPeers is the largest number of peers to keep in one swarm. Another
	// peer takes the place of one of the address that has most peers in the
	// swarm: of the one that announced longest ago. Zero means 10,000, a
	// negative number means no limit.
	MaxPeers int

	// MaxTotalPeers is the largest number of peers to keep in all swarms. When
	// it is reached, each swarm counts as full, and another swarm takes the
	// place of one. Zero means 2,000,000, which need at most 250 MB; a negative
	// number means no limit.
	MaxTotalPeers int

	// MaxSwarmsPerAddress is the largest number of swarms that one IPv4
	// address, or one /64 of IPv6, may make or have peers in. Its peers in
	// other swarms get peers and a warning but are not kept. Zero means 10,000, a
	// negative number means no limit. It does not apply to loopback.
	MaxSwarmsPerAddress int

	// MaxPeersPerAddress is the largest number of peers that one IPv4
	// address, or one /64 of IPv6, may have in one swarm. Another takes the
	// place of the one of them that announced longest ago. Zero means 32, a
	// negative number means no limit. It does not apply to loopback.
	MaxPeersPerAddress int

	// Want is the number of peers in the answer to an announce that does not
	// ask for a number. Zero means 50.
	Want int

	// MaxWant is the largest number of peers in an answer. Zero means 200, a
	// negative number means no limit. Over UDP it is 202 at most, and 67 for
	// IPv6.
	MaxWant int

	// MaxScrape is the largest number of swarms in one scrape. Zero means
	// 100, a negative number means no limit but the 8 KiB of a query. Over UDP
	// it is 74 at most.
	MaxScrape int

	// MaxConns is the largest number of connections that each Serve keeps open.
	// Another one takes the place of one of the address that has most: of the
	// oldest. Zero means 1,000, a negative number means no limit.
	MaxConns int

	// Allow reports whether a swarm may be announced and scraped. It may be
	// called concurrently and must not block. Nil allows all swarms.
	Allow func(swarm.ID) bool

	// TrustIP uses the parameter ip as a peer's address:
	// https://www.bittorrent.org/beps/bep_0007.html. Over UDP it uses the field
	// IP address of senders with IPv4. Do not set it if
	// strangers can announce, because they could name a victim's address.
	TrustIP bool

	// Proxies are the networks of reverse proxies. Their header
	// X-Forwarded-For is trusted. Empty means that none is. Over UDP there are
	// none.
	Proxies []netip.Prefix

	// Now is the clock. It may be called concurrently. Nil means time.Now.
	Now func() time.Time
}

// maxQuery is the largest length of a query, in bytes. Longer ones are refused.
const maxQuery = 8 << 10

// withDefaults returns c with every default filled in.
func (c Config) withDefaults() Config {
	if c.Interval <= 0 {
		c.Interval = 30 * time.Minute
	}
	switch {
	case c.MinInterval == 0:
		c.MinInterval = min(time.Minute, c.Interval)
	case c.MinInterval < 0:
		c.MinInterval = 0
	}
	if c.Expiry <= 0 {
		c.Expiry = 2 * c.Interval
	}
	c.MaxSwarms = orDefault(c.MaxSwarms, 100_000)
	c.MaxPeers = orDefault(c.MaxPeers, 10_000)
	c.MaxTotalPeers = orDefault(c.MaxTotalPeers, 2_000_000)
	c.MaxSwarmsPerAddress = orDefault(c.MaxSwarmsPerAddress, 10_000)
	c.MaxPeersPerAddress = orDefault(c.MaxPeersPerAddress, 32)
	c.MaxWant = orDefault(c.MaxWant, 200)
	c.MaxScrape = orDefault(c.MaxScrape, 100)
	c.MaxConns = orDefault(c.MaxConns, 1000)
	if c.Want <= 0 {
		c.Want = 50
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	return c
}

// orDefault returns v, or zero if v is 0, or math.MaxInt32 if v is negative, which is
// as good as no limit.
func orDefault(v, zero int) int {
	switch {
	case v == 0:
		return zero
	case v < 0:
		return math.MaxInt32
	}
	return v
}
