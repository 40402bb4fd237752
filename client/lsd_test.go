package client

import (
	"net"
	"net/netip"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/shoal-bt/shoal/engine"
	"github.com/shoal-bt/shoal/lsd"
	"github.com/shoal-bt/shoal/metainfo/builder"
	"github.com/shoal-bt/shoal/swarm"
)

// newLocal returns a client that looks for peers on a local network without interfaces, so that
// no test sends anything there. The tests in e2e have a network.
func newLocal(t *testing.T, listen string) *Client {
	t.Helper()
	c, err := New(Config{
		Dir:    t.TempDir(),
		State:  Off,
		Listen: listen,
		LSD:    true,
		Local:  lsd.Config{Interface: func(net.Interface) bool { return false }},
	})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, c.Close()) })
	return c
}

// usesLSD reports whether a torrent is announced on the local network.
func usesLSD(c *Client, t *Torrent) bool {
	for _, s := range t.Sources() {
		if c.IsLSD(s.Source) {
			return true
		}
	}
	return false
}

// TestLocalPeers has torrents and links go on with a peer at once when it is heard, except for
// private ones.
func TestLocalPeers(t *testing.T) {
	seeder := newLocal(t, "127.0.0.1:0")
	public, err := seeder.Seed(t.Context(), []byte("fish"), SeedOptions{Build: builder.Options{Name: "fish"}})
	require.NoError(t, err)
	secret, err := seeder.Seed(t.Context(), []byte("secret fish"), SeedOptions{Build: builder.Options{Name: "secret", Private: true}})
	require.NoError(t, err)
	require.True(t, usesLSD(seeder, public))
	require.False(t, usesLSD(seeder, secret))
	peer := swarm.Address{AddrPort: seeder.Addr()}

	meta, err := public.Metainfo()
	require.NoError(t, err)
	for what, source := range map[string]any{"torrent": meta, "link": public.ID()} {
		c := newLocal(t, "127.0.0.1:0")
		tor, err := c.Add(t.Context(), source)
		require.NoError(t, err, what)
		require.True(t, usesLSD(c, tor), what)
		c.addLocalPeer(swarm.ID{1}, peer) // a swarm that nobody has
		c.addLocalPeer(public.ID(), peer)
		require.NoError(t, tor.Wait(within(t)), what)
		require.NotEqual(t, engine.PhaseFailed, tor.Stats().Phase, "that there is no network fails no torrent")
	}

	c := newLocal(t, Off)
	tor, err := c.Add(t.Context(), secret.ID())
	require.NoError(t, err)
	require.True(t, usesLSD(c, tor), "nobody knows yet that it is private")
	c.addLocalPeer(secret.ID(), peer)
	require.NoError(t, tor.Ready(within(t)))
	require.False(t, usesLSD(c, tor))
	c.addLocalPeer(secret.ID(), peer)
	require.Never(t, func() bool { return tor.Stats().Known > 0 }, 10*time.Millisecond, time.Millisecond)
}

// A client that listens at all addresses is announced over IPv4 and IPv6.
func TestLocalAddrs(t *testing.T) {
	v4, v6 := netip.IPv4Unspecified(), netip.IPv6Unspecified()
	c := newLocal(t, ":0")
	require.Contains(t, localAddrs(c.Addrs()), v4)
	require.Equal(t, []netip.Addr{v6, v4}, localAddrs([]netip.AddrPort{netip.AddrPortFrom(v6, 1)}))
	require.Equal(t, []netip.Addr{v4}, localAddrs([]netip.AddrPort{netip.AddrPortFrom(v4, 1)}))
	one := netip.MustParseAddrPort("192.0.2.7:1")
	require.Equal(t, []netip.Addr{one.Addr()}, localAddrs([]netip.AddrPort{one}))
	require.Empty(t, localAddrs(nil), "who accepts nobody announces nothing")
}
