package client

import (
	"net"
	"net/netip"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/shoal-bt/shoal/engine"
	"github.com/shoal-bt/shoal/magnet"
	"github.com/shoal-bt/shoal/metainfo/builder"
	"github.com/shoal-bt/shoal/pex"
	"github.com/shoal-bt/shoal/piecepicker"
	"github.com/shoal-bt/shoal/swarm"
)

// TestMetadataThroughPeerExchange has a link whose only known peer has no metadata to give. It names
// another peer, which has it.
func TestMetadataThroughPeerExchange(t *testing.T) {
	meta, _ := smallTorrent(t, builder.Options{})
	start := func(host string) *Client {
		c, err := New(Config{Dir: t.TempDir(), State: Off, Listen: host + ":0"})
		require.NoError(t, err)
		t.Cleanup(func() { c.Close() })
		return c
	}
	second := start("127.0.0.2")
	_, err := second.Add(t.Context(), meta)
	require.NoError(t, err)

	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	first, err := engine.New(engine.Config{
		Listeners: []net.Listener{listener},
		Torrent:   engine.TorrentConfig{Extensions: []engine.ExtensionMaker{pex.New}},
	})
	require.NoError(t, err)
	t.Cleanup(func() { first.Close() })
	geometry := meta.Info.Geometry()
	known, err := first.Add(engine.Spec{
		Swarms:    meta.IDs(),
		Geometry:  geometry,
		Verify:    func([]engine.Verdict) {},
		Storage:   swarm.NewMemory(geometry.Length),
		NewPicker: func() swarm.Picker { return piecepicker.New(geometry) },
	})
	require.NoError(t, err)
	known.AddPeers(swarm.Address{AddrPort: second.Addr()})

	c := start("127.0.0.3")
	tor, err := c.Add(t.Context(), linkOf(meta), AddOptions{Peers: first.Addrs()})
	require.NoError(t, err)
	require.NoError(t, tor.Ready(within(t)))
	require.Equal(t, meta.Info.Raw, metaOf(t, tor).Info.Raw)
	soon(t, func() bool {
		return slices.ContainsFunc(tor.Peers(), func(p engine.PeerStats) bool { return p.Addr == second.Addr() })
	}, "the torrent goes on with the connection")
}

// TestHandedAddresses has a fetch that hands over addresses that one peer named, more of them than a
// peer may name. Those that sources named stay all.
func TestHandedAddresses(t *testing.T) {
	meta, _ := smallTorrent(t, builder.Options{})
	s := newFakeSwarm()
	c := newLinkClient(t, s, Config{})
	tor, err := c.Add(t.Context(), linkOf(meta), AddOptions{Sources: []swarm.PeerSource{swarm.List{}}})
	require.NoError(t, err)
	sources := tor.now().(*fetchStage).AllSources()
	var result magnet.Result
	add := func(net byte, n int, o magnet.Origin) {
		a := netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, net, byte(n >> 8), byte(n)}), 1)
		result.Peers = append(result.Peers, magnet.Peer{Address: swarm.Address{AddrPort: a}, Origin: o})
	}
	for i := range 1000 {
		add(1, i, magnet.Origin{Peer: netip.MustParseAddr("127.0.0.9")})
		add(2, i, magnet.Origin{Peer: netip.MustParseAddr("127.0.0.9"), Sources: sources})
		add(3, i, magnet.Origin{Peer: netip.MustParseAddr("10.0.0.9")})
	}
	s.answer <- answer{info: meta.Info.Raw, found: result}
	require.NoError(t, tor.Ready(within(t)))
	soon(t, func() bool { return tor.Stats().Known == 1750 }, "1,000 of sources, and 750 of one peer; none that is more local than who named it")
}
