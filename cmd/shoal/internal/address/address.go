// Package address reads the addresses that users write: of sockets, networks and URLs.
//
// In come the values of flags; out go complete addresses, or errors of package usage that say
// what to write. It looks no name up and opens no socket.
package address

import (
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strconv"
	"strings"

	"github.com/shoal-bt/shoal/client"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/usage"
)

// OfPeers completes the value of --listen of a command that accepts peers, as
// OfSocket does. Empty and "off" stay as they are.
func OfPeers(text string) (string, error) {
	if text == "" || text == client.Off {
		return text, nil
	}
	return OfSocket(text, "HOST:PORT, :PORT, PORT or off")
}

// OfSocket completes the value of --listen: a port alone stands for all addresses
// of this machine. The error offers the given forms.
func OfSocket(text, forms string) (string, error) {
	if port, err := strconv.ParseUint(text, 10, 16); err == nil {
		return fmt.Sprintf(":%d", port), nil
	}
	_, port, err := net.SplitHostPort(text)
	if err == nil {
		_, err = strconv.ParseUint(port, 10, 16)
	}
	if err != nil {
		return "", usage.Error{Err: fmt.Errorf("--listen: %q is not an address; give %s", text, forms)}
	}
	return text, nil
}

// OfServer completes the value of --http. A port alone is one of loopback, so that only who names
// an address serves other machines.
func OfServer(text string) (string, error) {
	const loopback = "127.0.0.1"
	if text == "" {
		text = "0"
	}
	host, port, err := net.SplitHostPort(text)
	if err != nil {
		host, port = "", text
	}
	if _, err := strconv.ParseUint(port, 10, 16); err != nil {
		return "", usage.Error{Err: fmt.Errorf("--http: %q is not an address; give HOST:PORT or PORT", text)}
	}
	if host == "" {
		host = loopback
	}
	return net.JoinHostPort(host, port), nil
}

// Network returns the network of an address to listen at: IPv4 alone if that is what the user wrote.
func Network(hostPort string) string {
	at, err := netip.ParseAddrPort(hostPort)
	if err == nil && at.Addr().Is4() {
		return "tcp4"
	}
	return "tcp"
}

// OnThisMachine returns the host and port by which this machine reaches a socket, and whether
// that listens at all addresses.
func OnThisMachine(a net.Addr) (hostPort string, isAll bool) {
	at, err := netip.ParseAddrPort(a.String())
	switch {
	case err != nil || !at.Addr().IsUnspecified():
		return a.String(), false
	case at.Addr().Is4():
		return net.JoinHostPort("127.0.0.1", strconv.Itoa(int(at.Port()))), true
	}
	return net.JoinHostPort("::1", strconv.Itoa(int(at.Port()))), true
}

// IsLoopback reports whether a socket is for this machine alone.
func IsLoopback(a net.Addr) bool {
	at, err := netip.ParseAddrPort(a.String())
	return err == nil && at.Addr().IsLoopback()
}

// Shown returns an address to show to people for one that may be unspecified.
func Shown(address net.Addr) string {
	host, port, err := net.SplitHostPort(address.String())
	if err != nil {
		return address.String()
	}
	if ip := net.ParseIP(strings.Trim(host, "[]")); ip != nil && ip.IsUnspecified() {
		host = "localhost"
	}
	return net.JoinHostPort(host, port)
}

// Networks reads networks such as 10.0.0.0/8, or single addresses.
func Networks(texts []string) (all []netip.Prefix, err error) {
	for _, text := range texts {
		p, err := netip.ParsePrefix(text)
		if err != nil {
			a, err := netip.ParseAddr(text)
			if err != nil {
				return nil, usage.Error{Err: fmt.Errorf("--behind-proxy: %q is not a network; give one such as 10.0.0.0/8", text)}
			}
			p = netip.PrefixFrom(a, a.BitLen())
		}
		all = append(all, p)
	}
	return all, nil
}

// CheckURL reports whether text is a URL with a host and one of some schemes. The
// error does not show it, since it may hold a passkey.
func CheckURL(text string, schemes ...string) error {
	u, err := url.Parse(text)
	if err == nil && u.Host != "" {
		for _, s := range schemes {
			if strings.EqualFold(u.Scheme, s) {
				return nil
			}
		}
		kinds := strings.Join(schemes[:len(schemes)-1], ", ") + " or " + schemes[len(schemes)-1]
		return fmt.Errorf("URLs with %s are not supported here; give one with %s", strings.ToLower(u.Scheme), kinds)
	}
	return fmt.Errorf("this is not a URL; give one such as http://tracker.example:6969/announce")
}
