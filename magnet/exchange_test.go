package magnet

import (
	"fmt"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"github.com/shoal-bt/shoal/magnet/fetch"
	"github.com/shoal-bt/shoal/peerwire"
	"github.com/shoal-bt/shoal/swarm"
	"github.com/stretchr/testify/require"
)

// names returns a message of peer exchange to a fetch.
func names(addrs ...string) peerwire.Message {
	var m peerwire.PEX
	for _, a := range addrs {
		m.Added = append(m.Added, at(a))
	}
	return peerwire.Message{Kind: peerwire.Extended, ExtID: fetch.ExchangeNumber, Data: m.AppendTo(nil)}
}

// The one peer that is known has no metadata, and names another that has it. The result says who
// named whom.
func TestMetadataFromANamedPeer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		info := randomInfo(40_000)
		known := &seeder{info: info, size: -1, first: []peerwire.Message{
			names("20.0.0.2:1", "20.0.0.3:1", "20.0.0.3:2", "192.168.0.1:1", "20.0.0.4:1"),
		}}
		n := &network{peers: map[string]remote{
			"20.0.0.1:1": {trip, known.serve},
			"20.0.0.2:1": {trip, (&seeder{info: info}).serve},
		}}
		o := options(info, n, "20.0.0.1:1")
		o.Sources = []swarm.PeerSource{swarm.List{at("20.0.0.4:1")}}
		result, took := fetched(t, o)
		require.Equal(t, info, result.Info)
		require.Less(t, took, 2*time.Second)
		origins := make(map[string]Origin)
		for _, p := range result.Peers {
			origins[p.AddrPort.String()] = p.Origin
		}
		peer := netip.MustParseAddr("20.0.0.1")
		require.Len(t, origins, 4, "%v", origins)
		require.Equal(t, Origin{User: true}, origins["20.0.0.1:1"])
		require.Equal(t, Origin{Peer: peer}, origins["20.0.0.2:1"])
		require.Equal(t, Origin{Peer: peer}, origins["20.0.0.3:1"], "one port of a host")
		require.Len(t, origins["20.0.0.4:1"].Sources, 1)
		require.Zero(t, n.dials["192.168.0.1:1"], "it is more local than who named it")
		require.Len(t, result.Conns, 2)
		for _, c := range result.Conns {
			require.Equal(t, origins[c.Addr.String()], c.Origin)
		}
	})
}

// Peers that name thousands take no room from what the user and sources name.
func TestNamedAddressesGiveWay(t *testing.T) {
	r := newRun(t.Context(), &Fetcher{options: Options{DHTPort: func() uint16 { return 0 }}, swarms: []swarm.ID{{1}}})
	now := time.Unix(1e9, 0)
	numbered := func(net byte, n int) swarm.Address {
		return swarm.Address{AddrPort: netip.AddrPortFrom(netip.AddrFrom4([4]byte{net, 0, byte(n >> 8), byte(n)}), 1)}
	}
	count := func() (peers, others int) {
		for _, k := range r.known {
			if k.isOfPeers() {
				peers++
			} else {
				others++
			}
		}
		return peers, others
	}
	name := func(net byte, by int) {
		for i := range 2000 {
			r.foundByPeer(now, fetch.Found{By: netip.MustParseAddr(fmt.Sprintf("30.0.%d.1", by)), Addrs: []swarm.Address{numbered(net, i)}})
		}
	}
	for by := range 4 {
		name(byte(20+by), by)
	}
	peers, others := count()
	require.LessOrEqual(t, peers, maxKnown)
	require.Zero(t, others)
	var listed []swarm.Address
	for i := range maxKnown {
		listed = append(listed, numbered(40, i))
	}
	r.foundBy(&source{}, listed, r.allSwarms())
	peers, others = count()
	require.Zero(t, peers)
	require.Equal(t, maxKnown, others)
	name(50, 9)
	peers, others = count()
	require.Zero(t, peers)
	require.Equal(t, maxKnown, others)
	require.Len(t, r.order, maxKnown)
}
