// Package peeraddr says which addresses a peer may have.
//
// In come addresses and names; out go addresses at which a peer can be. Not here: whether there
// is one.
package peeraddr

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"

	"github.com/shoal-bt/shoal/swarm"
)

// Err says that no peer can be at an address.
var Err = errors.New("not the address of a peer")

// Check returns an error that matches Err if no peer can be at an address.
func Check(p netip.AddrPort) error {
	a := p.Addr()
	if !p.IsValid() || p.Port() == 0 || a.IsUnspecified() || a.IsMulticast() {
		return fmt.Errorf("%s: %w", p, Err)
	}
	return nil
}

// CheckAll is Check for several.
func CheckAll(all []netip.AddrPort) error {
	for _, p := range all {
		if err := Check(p); err != nil {
			return err
		}
	}
	return nil
}

// Addresses returns addresses as others take them.
func Addresses(all []netip.AddrPort) []swarm.Address {
	addrs := make([]swarm.Address, len(all))
	for i, p := range all {
		addrs[i].AddrPort = p
	}
	return addrs
}

// LookUp returns the addresses of the peer at "host:port", where host is an
// IP address or a name. The error matches Err, or is that of ctx.
func LookUp(ctx context.Context, address string) ([]netip.AddrPort, error) {
	host, portText, err := net.SplitHostPort(address)
	if err != nil {
		return nil, fmt.Errorf("%.80q: %w: %w", address, Err, err)
	}
	port, err := strconv.ParseUint(portText, 10, 16)
	if err != nil || port == 0 || host == "" {
		return nil, fmt.Errorf("%.80q: %w", address, Err)
	}
	addrs, err := net.DefaultResolver.LookupNetIP(ctx, "ip", host)
	if err != nil {
		return nil, fmt.Errorf("%.80q: %w: %w", address, Err, err)
	}
	all := make([]netip.AddrPort, 0, len(addrs))
	for _, a := range addrs {
		p := netip.AddrPortFrom(a.Unmap(), uint16(port))
		if err := Check(p); err != nil {
			return nil, err
		}
		all = append(all, p)
	}
	return all, nil
}
