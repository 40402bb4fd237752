package httptracker

import (
	"context"
	"crypto/tls"
	"math"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"time"

	"github.com/shoal-bt/shoal/swarm"
	"github.com/shoal-bt/shoal/swarm/announceurl"
)

// A Config configures a Tracker. Its zero value is ready for use. A Config is read
// once and not kept. What it points to must not change while the Tracker is in use.
type Config struct {
	// Client makes the requests. Redirects are followed without its
	// CheckRedirect. Nil means that each announce makes one connection from
	// each address of From and closes it afterwards. A Client may keep
	// connections, and its http.Transport may continue to connect for a while
	// after an announce was canceled.
	Client *http.Client

	// TLS is used for https if Client is nil. Nil verifies certificates
	// against the system's roots.
	TLS *tls.Config

	// Dial makes connections on network "tcp4" or "tcp6" if Client is nil. It
	// may be called concurrently. Nil means a net.Dialer, bound to an address
	// of From.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)

	// From lists our addresses to announce from, each on its own connection:
	// https://www.bittorrent.org/beps/bep_0007.html. An unspecified address
	// means any address of its family. Empty means 0.0.0.0 and ::. Not used
	// with Client.
	From []netip.Addr

	// RefuseLocal refuses trackers on loopback, private and link-local
	// addresses. A redirect from a public address to such an address is
	// always refused. With Client, only addresses in URLs and the name
	// localhost are checked, not the addresses of other names.
	RefuseLocal bool

	// UserAgent is sent with requests. Empty means "Shoal/0.1.0".
	UserAgent string

	// Key lets the tracker recognize us when our address changes. Zero means
	// a random key for each Tracker.
	Key uint32

	// IP is sent as our address. Few trackers believe it. Zero means that it
	// is not sent.
	IP netip.Addr

	// Params returns parameters to add to the query of an announce, such as a token of the
	// tracker's; nil for none. announceURL is complete, so that the token of one tracker
	// goes to no other, and a is what is announced. Parameters that announces have already,
	// such as port, are left out, and so are those beyond 4 KiB of encoded text;
	// Answer.Warning or the error says which. Errors and warnings do not show the values.
	// Params may be called concurrently and must return at once, and what it returned must
	// not change any more. Nil means that nothing is added.
	Params func(announceURL string, a swarm.Announcement) url.Values

	// MaxWant is the largest number of peers to ask for. Zero means 200, a
	// negative number means no limit.
	MaxWant int

	// MaxPeers is the largest number of addresses to take from one answer.
	// Zero means 3,000, a negative number means no limit.
	MaxPeers int

	// MaxBody is the largest length of an answer in bytes, before and after
	// decompression. Zero means 1 MiB, a negative number means no limit.
	MaxBody int64

	// Timeout bounds an announce or a scrape, including redirects. Zero means
	// 30 s, a negative number means no limit.
	Timeout time.Duration

	// Silence bounds the wait for a connection and for each next byte. Zero
	// means 10 s, a negative number means no limit.
	Silence time.Duration

	// StopTimeout bounds an announce with event stopped. Zero means 5 s, a
	// negative number means no limit.
	StopTimeout time.Duration

	// MinInterval and MaxInterval bound the intervals that a tracker may ask
	// for; MinInterval also bounds the intervals after errors. Zero means
	// 10 s and 24 h, a negative number means a second and a year.
	MinInterval, MaxInterval time.Duration

	// Backoff is the wait after the first error in a row. It doubles with
	// each further error up to MaxBackoff and is then varied at random by up
	// to a quarter. Zero means 30 s and 30 min, a negative number means a
	// second.
	Backoff, MaxBackoff time.Duration

	// Seed is the seed of all random choices. Zero means a random seed.
	Seed uint64
}

// defaultInterval is used if a tracker names no interval.
const defaultInterval = 30 * time.Minute

// maxRedirects bounds the redirects that are followed in a row.
const maxRedirects = 5

// maxParams bounds what Config.Params adds to a query, in bytes. Many servers refuse a
// request line of more than 8 KiB.
const maxParams = 4 << 10

// withDefaults returns c with every default filled in. In the result 0 means no
// limit.
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

// params returns the parameters that an announce to a tracker has in addition.
func (c *Config) params(url string, a swarm.Announcement) announceurl.Params {
	if c.Params == nil {
		return announceurl.Params{}
	}
	return announceurl.EncodeParams(c.Params(url, a), maxParams)
}

// orDefault returns v, or zero if v is 0, or off if v is negative.
func orDefault[T int | int64 | time.Duration](v, zero, off T) T {
	switch {
	case v == 0:
		return zero
	case v < 0:
		return off
	}
	return v
}
