package metainfo

import (
	"net"
	"net/netip"
	"strconv"
	"strings"
)

// hostOf returns the host of host:port; addresses that are written in several ways are equal.
func hostOf(peer string) string {
	host, _, _ := net.SplitHostPort(peer) // isHostPort has looked at it
	a, err := netip.ParseAddr(host)
	if err == nil {
		return a.Unmap().String()
	}
	return strings.ToLower(host)
}

// isHostPort reports whether s is a host, an IPv4 address or an IPv6 address
// in brackets, and a port.
func isHostPort(s string) bool {
	host, port, err := net.SplitHostPort(s)
	if err != nil || host == "" {
		return false
	}
	n, err := strconv.ParseUint(port, 10, 16)
	return err == nil && n > 0
}
