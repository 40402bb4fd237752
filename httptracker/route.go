package httptracker

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync/atomic"
	"syscall"
)

// A route is one way to a tracker: a client that was given, or connections from
// one of our addresses.
type route struct {
	client *http.Client
	from   netip.Addr
}

// routes returns the ways to host. An address as host leaves those of its family.
func (c *Config) routes(host string) ([]route, error) {
	if c.Client != nil {
		return []route{{client: c.Client}}, nil
	}
	to, _ := netip.ParseAddr(host)
	var routes []route
	for _, from := range c.From {
		if !from.IsValid() {
			return nil, errors.New("the zero address is nothing to announce from")
		}
		if from = from.Unmap(); !to.IsValid() || to.Unmap().Is4() == from.Is4() {
			routes = append(routes, route{from: from})
		}
	}
	if len(routes) == 0 {
		return nil, errors.New("there is no address to announce from that has the tracker's family")
	}
	return routes, nil
}

// open returns a client for one request and its redirects, which it does not
// follow itself, and what to call when they are done. Then nothing is held: an
// announce every half hour is not worth a connection kept, and a torrent that
// waits costs no transport.
func (r route) open(c *Config, g *addressFilter) (client *http.Client, done func()) {
	if r.client != nil {
		clone := *r.client
		if clone.Transport == nil {
			clone.Transport = http.DefaultTransport
		}
		clone.Transport = unredirected{clone.Transport}
		return &clone, func() {}
	}
	transport := &http.Transport{
		DialContext:            r.dialer(c, g),
		TLSClientConfig:        c.TLS.Clone(),
		DisableKeepAlives:      true,
		DisableCompression:     true,
		MaxResponseHeaderBytes: 64 << 10,
		ReadBufferSize:         2 << 10, // most answers are short, and many come at once
		WriteBufferSize:        1 << 10,
	}
	// A transport goes on to dial after its request was canceled, unless it
	// is told to close.
	return &http.Client{Transport: unredirected{transport}}, transport.CloseIdleConnections
}

// dialer returns what connects to a tracker on this route.
func (r route) dialer(c *Config, g *addressFilter) func(context.Context, string, string) (net.Conn, error) {
	network := "tcp4"
	if r.from.Is6() {
		network = "tcp6"
	}
	dial := c.Dial
	if dial == nil {
		d := net.Dialer{ControlContext: g.control}
		if !r.from.IsUnspecified() {
			d.LocalAddr = net.TCPAddrFromAddrPort(netip.AddrPortFrom(r.from, 0))
		}
		dial = d.DialContext
	}
	return func(ctx context.Context, _, address string) (net.Conn, error) {
		conn, err := dial(ctx, network, address)
		if err != nil {
			return nil, err
		}
		if a := conn.RemoteAddr(); a != nil {
			if err := g.check(a.String()); err != nil {
				conn.Close()
				return nil, err
			}
		}
		return conn, nil
	}
}

// unredirected hides where an answer redirects to from http.Client, whose errors
// would quote it, and which would tell the next server our URL as the referer.
type unredirected struct{ http.RoundTripper }

// hiddenLocation is where the header Location is kept instead. No server can send
// it, as it is no canonical name.
const hiddenLocation = "location "

func (u unredirected) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := u.RoundTripper.RoundTrip(r)
	if err == nil {
		if location := resp.Header.Values("Location"); len(location) > 0 {
			resp.Header = resp.Header.Clone()
			resp.Header.Del("Location")
			resp.Header[hiddenLocation] = location
		}
	}
	return resp, err
}

// A addressFilter keeps one request and its redirects from addresses that a tracker must
// not lead us to.
type addressFilter struct {
	refuseLocal   atomic.Bool // local addresses are refused
	reachedPublic atomic.Bool // the last connection led to a public address
}

// control is called with each address before it is connected to.
func (g *addressFilter) control(_ context.Context, _, address string, _ syscall.RawConn) error {
	return g.check(address)
}

// check refuses address, a host with or without a port, if it is local and such
// are refused. Names other than localhost pass.
func (g *addressFilter) check(address string) error {
	if g.refuseLocal.Load() && isLocal(address) {
		return fmt.Errorf("the address %s is local and refused", address)
	}
	return nil
}

// connected notes where a connection led.
func (g *addressFilter) connected(c net.Conn) {
	if a := c.RemoteAddr(); a != nil {
		_, err := netip.ParseAddrPort(a.String())
		g.reachedPublic.Store(err == nil && !isLocal(a.String()))
	}
}

// redirected forbids that a public tracker sends us to addresses that only we can
// reach.
func (g *addressFilter) redirected() {
	if g.reachedPublic.Load() {
		g.refuseLocal.Store(true)
	}
}

var (
	sharedSpace = netip.MustParsePrefix("100.64.0.0/10") // RFC 6598, behind a provider's NAT
	thisNetwork = netip.MustParsePrefix("0.0.0.0/8")     // RFC 1122; some systems take it for themselves
	nat64       = netip.MustParsePrefix("64:ff9b::/96")  // RFC 6052; the IPv4 address is at the end
)

// isLocal reports whether host, with or without a port, is an address outside
// the public network, or localhost.
func isLocal(host string) bool {
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return true
	}
	a, err := netip.ParseAddr(host)
	if err != nil {
		return false
	}
	a = a.Unmap().WithZone("")
	if nat64.Contains(a) {
		b := a.As16()
		a = netip.AddrFrom4([4]byte(b[12:]))
	}
	return a.IsLoopback() || a.IsPrivate() || a.IsLinkLocalUnicast() || a.IsUnspecified() || a.IsMulticast() ||
		sharedSpace.Contains(a) || thisNetwork.Contains(a)
}
