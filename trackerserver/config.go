package trackerserver

import (
	"math"
	"net/netip"
	"time"

	"github.com/shoal-bt/shoal/swarm"
)

// A Config tunes a Server and its Memory. Its zero value is ready for use. A
// Config is read once, by New and NewMemory.
type Config struct {
	// Handler answers in place of a Memory made from this Config.
	Handler Handler

	// Interval is what peers are told to wait between announces. Zero means
	// 30 min.
	Interval time.Duration

	// MinInterval is what peers are told to wait at least. Zero means a
	// minute or Interval, whichever is less; negative means to say nothing.
	MinInterval time.Duration

	// Expiry is how long a peer is kept after its last announce. Zero means
	// twice Interval.
	Expiry time.Duration

	// MaxSwarms is the number of swarms to keep. Announces for more are
	// refused. Zero means 100,000, a negative number means no limit.
	MaxSwarms int

	// MaxPeers is the number of peers to keep in one swarm. Those that find
	// it full are told of others, and are not kept. Zero means 10,000, a
	// negative number means no limit.
	MaxPeers int

	// Want is the number of peers to tell one that names none. Zero means
	// 50.
	Want int

	// MaxWant is the number of peers to tell at most. Zero means 200, a
	// negative number means no limit.
	MaxWant int

	// MaxScrape is the number of swarms in one scrape. Zero means 100, a
	// negative number means no limit but the 8 KiB that a query may have.
	MaxScrape int

	// Allow reports whether a swarm may be announced and scraped. It may be
	// called concurrently and must not block. Nil allows all.
	Allow func(swarm.ID) bool

	// TrustIP believes the parameter ip, with which a peer names any address
	// as its own. Leave it off where strangers announce: they could point
	// the swarm at a victim (BEP 7).
	TrustIP bool

	// Proxies are the networks of reverse proxies, whose header
	// X-Forwarded-For is believed. Empty believes none.
	Proxies []netip.Prefix

	// Now is the clock. Nil means time.Now. It may be called concurrently.
	Now func() time.Time
}

// maxQuery is the length of a query in bytes, beyond which it is refused.
const maxQuery = 8 << 10

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
	c.MaxWant = orDefault(c.MaxWant, 200)
	c.MaxScrape = orDefault(c.MaxScrape, 100)
	if c.Want <= 0 {
		c.Want = 50
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	return c
}

// orDefault returns v, zero where v is 0 and as good as no limit where it is
// negative.
func orDefault(v, zero int) int {
	switch {
	case v == 0:
		return zero
	case v < 0:
		return math.MaxInt32
	}
	return v
}
