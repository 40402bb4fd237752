package client

import (
	"context"
	"fmt"
	"net/netip"

	"github.com/shoal-bt/shoal/client/internal/peeraddr"
	"github.com/shoal-bt/shoal/engine"
)

// LookupPeer returns the addresses of the peer at "host:port", where host is an
// IP address or a name. The error matches ErrAddress, or is that of ctx.
func LookupPeer(ctx context.Context, address string) ([]netip.AddrPort, error) {
	found, err := peeraddr.LookUp(ctx, address)
	if err != nil {
		return nil, fmt.Errorf("client: %w", err)
	}
	return found, nil
}

// checkPeers returns an error that matches ErrAddress if no peer can be at one of some
// addresses.
func checkPeers(all []netip.AddrPort) error {
	if err := peeraddr.CheckAll(all); err != nil {
		return fmt.Errorf("client: %w", err)
	}
	return nil
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
	if len(peers) > 0 {
		t.engine.AddPeers(peeraddr.Addresses(peers)...)
	}
}

func (t *running) RemovePeer(addr netip.AddrPort) { t.engine.RemovePeer(addr) }

func (t *running) Ban(addr netip.Addr) { t.engine.Ban(addr) }
