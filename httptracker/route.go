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

// A route is one way to reach a tracker: with Config.Client, or by connections from
// one of our addresses.
type route struct {
	client *http.Client
	from   netip.Addr
}

// routes returns the routes to host. Trackers learn one address from each connection,
// so each of our addresses is a route of its own:
// https://www.bittorrent.org/beps/bep_0007.html. If host is an address, only routes of
// its family are left.
func (c *Config) routes(host string) ([]route, error) {
	if c.Client != nil {
		return []route{{client: c.Client}}, nil
	}
	to, _ := netip.ParseAddr(host)
	var routes []route
	for _, from := range c.From {
		if !from.IsValid() {
			return nil, errors.New("Config.From contains the zero address")
		}
		from = from.Unmap()
		if !to.IsValid() || to.Unmap().Is4() == from.Is4() {
			routes = append(routes, route{from: from})
		}
	}
	if len(routes) == 0 {
		return nil, errors.New("Config.From has no address of the tracker's family")
	}
	return routes, nil
}

// open returns a client for one request and its redirects, which the client does not
// follow itself, and a function to call when they are done. After that nothing stays
// open, because an announce every half hour needs no idle connection and no transport.
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
		ReadBufferSize:         2 << 10, // most answers are short, and many arrive at once
		WriteBufferSize:        1 << 10,
	}
	// A transport continues to dial after its request was canceled, unless
	// its connections are closed.
	return &http.Client{Transport: unredirected{transport}}, transport.CloseIdleConnections
}

// dialer returns the function that connects to a tracker on this route.
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

// unredirected hides the header Location from http.Client. The client would quote it
// in errors and would send our URL to the next server as the referer.
type unredirected struct{ http.RoundTripper }

// hiddenLocation is the key under which the header Location is kept instead. No server
// can send it, because it is not a canonical name.
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

// An addressFilter refuses addresses to which a tracker must not lead one request and
// its redirects.
type addressFilter struct {
	refuseLocal   atomic.Bool // local addresses are refused
	reachedPublic atomic.Bool // the last connection led to a public address
}

// control checks each address before it is dialed.
func (g *addressFilter) control(_ context.Context, _, address string, _ syscall.RawConn) error {
	return g.check(address)
}

// check returns an error if address, a host with or without a port, is local and local
// addresses are refused. It accepts names other than localhost.
func (g *addressFilter) check(address string) error {
	if g.refuseLocal.Load() && isLocal(address) {
		return fmt.Errorf("the address %s is refused because it is local", address)
	}
	return nil
}

// connected records whether the connection c leads to a public address.
func (g *addressFilter) connected(c net.Conn) {
	if a := c.RemoteAddr(); a != nil {
		_, err := netip.ParseAddrPort(a.String())
		g.reachedPublic.Store(err == nil && !isLocal(a.String()))
	}
}

// redirected is called before a redirect is followed. A public tracker must not send
// us to addresses that only we can reach.
func (g *addressFilter) redirected() {
	if g.reachedPublic.Load() {
		g.refuseLocal.Store(true)
	}
}

var (
	sharedSpace = netip.MustParsePrefix("100.64.0.0/10") // RFC 6598: behind a provider's NAT
	thisNetwork = netip.MustParsePrefix("0.0.0.0/8")     // RFC 1122: on some systems the host itself
	nat64       = netip.MustParsePrefix("64:ff9b::/96")  // RFC 6052: the IPv4 address is at the end
)

// isLocal reports whether host, with or without a port, is localhost or an address
// outside the public network.
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
