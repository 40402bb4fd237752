package main

import (
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"

	"github.com/shoal-bt/shoal/client"
)

// peerAddress completes the value of --listen of a command that accepts peers, as
// listenAddress does. Empty and "off" stay as they are.
func peerAddress(text string) (string, error) {
	if text == "" || text == client.Off {
		return text, nil
	}
	return listenAddress(text, "HOST:PORT, :PORT, PORT or off")
}

// listenAddress completes the value of --listen: a port alone stands for all addresses
// of this machine. The error offers the given forms.
func listenAddress(text, forms string) (string, error) {
	if port, err := strconv.ParseUint(text, 10, 16); err == nil {
		return fmt.Sprintf(":%d", port), nil
	}
	_, port, err := net.SplitHostPort(text)
	if err == nil {
		_, err = strconv.ParseUint(port, 10, 16)
	}
	if err != nil {
		return "", usageError{fmt.Errorf("--listen: %q is not an address; give %s", text, forms)}
	}
	return text, nil
}

// shownAddress returns an address to show to people for one that may be unspecified.
func shownAddress(address net.Addr) string {
	host, port, err := net.SplitHostPort(address.String())
	if err != nil {
		return address.String()
	}
	if ip := net.ParseIP(strings.Trim(host, "[]")); ip != nil && ip.IsUnspecified() {
		host = "localhost"
	}
	return net.JoinHostPort(host, port)
}

// parseNetworks reads networks such as 10.0.0.0/8, or single addresses.
func parseNetworks(texts []string) (all []netip.Prefix, err error) {
	for _, text := range texts {
		p, err := netip.ParsePrefix(text)
		if err != nil {
			a, err := netip.ParseAddr(text)
			if err != nil {
				return nil, usageError{fmt.Errorf("--behind-proxy: %q is not a network; give one such as 10.0.0.0/8", text)}
			}
			p = netip.PrefixFrom(a, a.BitLen())
		}
		all = append(all, p)
	}
	return all, nil
}
