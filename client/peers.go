package client

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"strconv"

	"github.com/shoal-bt/shoal/engine"
	"github.com/shoal-bt/shoal/swarm"
)

// checkPeer returns an error that matches ErrAddress if no peer can be at an address.
func checkPeer(p netip.AddrPort) error {
	a := p.Addr()
	if !p.IsValid() || p.Port() == 0 || a.IsUnspecified() || a.IsMulticast() {
		return fmt.Errorf("client: %s: %w", p, ErrAddress)
	}
	return nil
}

// checkPeers is checkPeer for several.
func checkPeers(all []netip.AddrPort) error {
	for _, p := range all {
		if err := checkPeer(p); err != nil {
			return err
		}
	}
	return nil
}

// LookupPeer returns the addresses of the peer at "host:port", where host is an
// IP address or a name. The error matches ErrAddress, or is that of ctx.
func LookupPeer(ctx context.Context, address string) ([]netip.AddrPort, error) {
	host, portText, err := net.SplitHostPort(address)
	if err != nil {
		return nil, fmt.Errorf("client: %.80q: %w: %w", address, ErrAddress, err)
	}
	port, err := strconv.ParseUint(portText, 10, 16)
	if err != nil || port == 0 || host == "" {
		return nil, fmt.Errorf("client: %.80q: %w", address, ErrAddress)
	}
	addrs, err := net.DefaultResolver.LookupNetIP(ctx, "ip", host)
	if err != nil {
		return nil, fmt.Errorf("client: %.80q: %w: %w", address, ErrAddress, err)
	}
	all := make([]netip.AddrPort, 0, len(addrs))
	for _, a := range addrs {
		p := netip.AddrPortFrom(a.Unmap(), uint16(port))
		if err := checkPeer(p); err != nil {
			return nil, err
		}
		all = append(all, p)
	}
	return all, nil
}

func (t *running) Peers() []engine.PeerStats { return t.engine.Peers() }

func (t *running) AddPeers(peers ...netip.AddrPort) error {
	if err := checkPeers(peers); err != nil {
		return err
	}
	t.addPeers(peers)
	return t.checkOpen()
}

func (t *running) addPeers(peers []netip.AddrPort) {
	if len(peers) == 0 {
		return
	}
	all := make([]swarm.Address, len(peers))
	for i, p := range peers {
		all[i].AddrPort = p
	}
	t.engine.AddPeers(all...)
}

func (t *running) RemovePeer(addr netip.AddrPort) { t.engine.RemovePeer(addr) }

func (t *running) Ban(addr netip.Addr) { t.engine.Ban(addr) }
