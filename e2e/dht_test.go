package e2e

import (
	"context"
	"net"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/shoal-bt/shoal/dht"
	"github.com/shoal-bt/shoal/dht/krpc"
	"github.com/shoal-bt/shoal/dht/nodeid"
	"github.com/shoal-bt/shoal/swarm"
	"github.com/stretchr/testify/require"
)

// theirHash and ourHash are announced by a libtorrent node and by us.
var (
	theirHash = nodeid.ID{0xab, 1, 2, 3}
	ourHash   = nodeid.ID{0x35, 4, 5, 6}
)

// TestDHT has a node of ours among nodes of libtorrent: each side finds whom the other
// announced, we count both swarms, and each side samples the hashes of the other.
func TestDHT(t *testing.T) {
	t.Parallel()
	t.Run("IPv4", func(t *testing.T) {
		t.Parallel()
		meetAmongTheirs(t, loopback().ours, loopbackNodes(t, 6))
	})
	t.Run("IPv6", func(t *testing.T) {
		t.Parallel()
		l, err := net.Listen("tcp", "[::1]:0")
		if err != nil {
			t.Skip("there is no IPv6 here: ", err)
		}
		l.Close()
		here := place{theirs: netip.IPv6Loopback()}
		var addrs []netip.AddrPort
		for range 6 {
			addrs = append(addrs, netip.AddrPortFrom(here.theirs, here.freePort(t)))
		}
		meetAmongTheirs(t, here.theirs, addrs)
	})
}

func meetAmongTheirs(t *testing.T, here netip.Addr, addrs []netip.AddrPort) {
	theirs := startTheirNodes(t, "", addrs)
	ours := startOurNode(t, here, addrs, dht.Config{})
	ours.announce(t, ourHash, 4321, 0)
	theirs.repeat(t, theirCommand{Node: 3, Do: "get_peers", Hash: ourHash.String()}, func(a theirAlert) bool {
		return a.Alert == "peers" && slices.Contains(a.Peers, netip.AddrPortFrom(here, 4321))
	})
	theirs.do(t, theirCommand{Node: 2, Do: "announce", Hash: theirHash.String()})
	ours.awaitPeer(t, theirHash, addrs[2])

	count, err := ours.Scrape(within(t), ourHash)
	require.NoError(t, err)
	require.True(t, count.Known)
	require.InDelta(t, 1, count.Seeds, 0.1)
	require.InDelta(t, 0, count.Peers, 0.1)

	until(t, func() bool { return len(ours.sample(t)) == 2 })
	require.ElementsMatch(t, []nodeid.ID{theirHash, ourHash}, ours.sample(t))
	if here.Is6() {
		return // libtorrent samples nobody over IPv6
	}
	theirs.repeat(t, theirCommand{Node: 1, Do: "sample", Address: ours.addr.String(), Hash: ourHash.String()}, func(a theirAlert) bool {
		return a.Alert == "samples" && slices.Contains(a.Hashes, theirHash.String())
	})
}

// announce announces a port of ours, of which we have everything or want some bytes yet.
func (n *ourNode) announce(t *testing.T, hash nodeid.ID, port uint16, left int64) {
	t.Helper()
	a := swarm.Announcement{Swarm: swarm.ID(hash), Port: port, Left: left}
	_, err := n.Announce(within(t), a, func(swarm.Address) {})
	require.NoError(t, err)
}

// announceAt announces a peer until each of some nodes names it. A node that answered too late, as
// on a machine under load, gets the next announce.
func (n *ourNode) announceAt(t *testing.T, hash nodeid.ID, port uint16, nodes []netip.AddrPort) {
	t.Helper()
	ctx := within(t)
	want := netip.AddrPortFrom(n.addr.Addr(), port)
	n.announce(t, hash, port, 0)
	for _, a := range nodes {
		for !slices.Contains(ask(t, want.Addr(), a, krpc.Message{Method: krpc.GetPeers, Target: hash}).Values, want) {
			select {
			case <-ctx.Done():
				require.FailNow(t, "a node does not name the peer", "%v of %v", want, a)
			case <-time.After(time.Second):
			}
			n.announce(t, hash, port, 0)
		}
	}
}

// awaitPeer looks for peers of a hash until one of them has an address.
func (n *ourNode) awaitPeer(t *testing.T, hash nodeid.ID, want netip.AddrPort) {
	t.Helper()
	n.await(t, within(t), hash, func(a netip.AddrPort) bool { return a == want })
}

// await looks for peers of a hash until f accepts one.
func (n *ourNode) await(t *testing.T, ctx context.Context, hash nodeid.ID, f func(netip.AddrPort) bool) {
	t.Helper()
	for {
		for a, err := range n.Peers(ctx, hash) {
			require.NoError(t, err)
			if f(a) {
				return
			}
		}
		select {
		case <-ctx.Done():
			require.FailNow(t, "no such peer was found")
		case <-time.After(200 * time.Millisecond):
		}
	}
}

// sample returns the hashes that other nodes store.
func (n *ourNode) sample(t *testing.T) (all []nodeid.ID) {
	t.Helper()
	for s, err := range n.Sample(within(t), ourHash) {
		require.NoError(t, err)
		all = append(all, s.Hashes...)
	}
	slices.SortFunc(all, func(a, b nodeid.ID) int { return slices.Compare(a[:], b[:]) })
	return slices.Compact(all)
}

// TestDHTReadOnly shows that nodes of libtorrent take us into their tables, but not if we
// say that we answer nobody.
func TestDHTReadOnly(t *testing.T) {
	t.Parallel()
	addrs := loopbackNodes(t, 4)
	startTheirNodes(t, "", addrs)
	reader := startOurNode(t, loopback().ours, addrs, dht.Config{ReadOnly: true})
	ours := startOurNode(t, loopback().ours, addrs, dht.Config{})
	for _, n := range []*ourNode{reader, ours} {
		found, err := n.Find(within(t), nodeid.ID{})
		require.NoError(t, err)
		require.NotEmpty(t, found)
	}
	for _, a := range addrs {
		until(t, func() bool { return hasInTable(t, a, ours) })
		require.False(t, hasInTable(t, a, reader))
	}
	require.Zero(t, statsOf(reader.Node).Served)
}
