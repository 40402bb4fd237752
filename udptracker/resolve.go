package udptracker

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"slices"
	"time"
)

// maxServers is the number of addresses of a name that are used in each family.
const maxServers = 4

// resolve returns the addresses of a tracker by family, IPv4 first. It takes at most limit
// if that is not 0.
func (t *Tracker) resolve(ctx context.Context, to target, limit time.Duration) (servers [2][]netip.AddrPort, err error) {
	outer := ctx
	if limit > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, limit)
		defer cancel()
	}
	addrs := []netip.Addr{to.addr}
	if !to.addr.IsValid() {
		addrs, err = t.trackers.config.Resolve(ctx, to.host)
	}
	switch {
	case outer.Err() != nil:
		return servers, outer.Err()
	case err != nil && ctx.Err() != nil:
		return servers, fmt.Errorf("the name of the tracker was not resolved in %v: %w", limit, os.ErrDeadlineExceeded)
	case err != nil:
		return servers, hideSecrets(err, to.secrets)
	}
	refused := false
	for _, a := range addrs {
		a = a.Unmap()
		family := 0
		if a.Is6() {
			family = 1
		}
		server := netip.AddrPortFrom(a, to.port)
		switch {
		case !a.IsValid(), slices.Contains(servers[family], server):
		case t.trackers.config.RefuseLocal && isLocal(a):
			refused = true
		case len(servers[family]) < maxServers:
			servers[family] = append(servers[family], server)
		}
	}
	switch {
	case len(servers[0])+len(servers[1]) > 0:
		return servers, nil
	case refused:
		return servers, errors.New("the address of the tracker is refused because it is local")
	}
	return servers, errors.New("the name of the tracker has no address; check the URL")
}

var (
	sharedSpace = netip.MustParsePrefix("100.64.0.0/10") // RFC 6598: behind a provider's NAT
	thisNetwork = netip.MustParsePrefix("0.0.0.0/8")     // RFC 1122: on some systems the host itself
	nat64       = netip.MustParsePrefix("64:ff9b::/96")  // RFC 6052: the IPv4 address is at the end
)

// isLocal reports whether a is outside the public network.
func isLocal(a netip.Addr) bool {
	a = a.Unmap().WithZone("")
	if nat64.Contains(a) {
		b := a.As16()
		a = netip.AddrFrom4([4]byte(b[12:]))
	}
	return a.IsLoopback() || a.IsPrivate() || a.IsLinkLocalUnicast() || a.IsUnspecified() || a.IsMulticast() ||
		sharedSpace.Contains(a) || thisNetwork.Contains(a)
}
