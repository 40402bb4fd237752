package client_test

import (
	"net/netip"
	"slices"
	"testing"

	"github.com/shoal-bt/shoal/client"
	"github.com/shoal-bt/shoal/engine"
	"github.com/stretchr/testify/require"
)

// TestPeerExchange has three clients, of which one knows the others. It names one to the other,
// so that these connect.
func TestPeerExchange(t *testing.T) {
	meta := torrentOf(t, "file.bin", content(11, 100_000))
	start := func(host string, peers ...netip.AddrPort) (*client.Client, *client.Torrent) {
		c := newClient(t, client.Config{Listen: host + ":0"})
		tor, err := c.Add(within(t), meta, client.AddOptions{Peers: peers})
		require.NoError(t, err)
		return c, tor
	}
	b, atB := start("127.0.0.2")
	c, atC := start("127.0.0.3")
	start("127.0.0.1", b.Addr(), c.Addr())
	knows := func(tor *client.Torrent, a netip.AddrPort) bool {
		return slices.ContainsFunc(tor.Peers(), func(p engine.PeerStats) bool { return p.Addr == a })
	}
	eventually(t, func() bool { return knows(atB, c.Addr()) || knows(atC, b.Addr()) })
}
