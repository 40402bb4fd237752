package e2e

import (
	"context"
	"net/netip"
	"testing"
	"time"

	shoalclient "github.com/shoal-bt/shoal/client"
	"github.com/shoal-bt/shoal/dht"
	"github.com/shoal-bt/shoal/dht/nodeid"
	"github.com/shoal-bt/shoal/metainfo"
	"github.com/shoal-bt/shoal/metainfo/builder"
	"github.com/shoal-bt/shoal/swarm"
	"github.com/stretchr/testify/require"
)

// dhtLimit bounds the wait for what a client does in the DHT. Transmission announces after
// a minute and a half.
const dhtLimit = 4 * time.Minute

// dhtShape is small, because these tests are about finding each other.
var dhtShape = shape{"", 64 << 10, []int64{1<<20 + 321}}

// TestDHTClients has each client find us, and us find it, by a link without a tracker in a
// DHT of 14 nodes of libtorrent. With fewer Transmission does not begin.
func TestDHTClients(t *testing.T) {
	t.Parallel()
	clientsMeetIn(t, startNodesApart(t, 14))
}

// TestDHTOfOurs is TestDHTClients in a DHT of 14 nodes of ours.
func TestDHTOfOurs(t *testing.T) {
	t.Parallel()
	var nodes []netip.AddrPort
	for range 14 {
		n := startOurNode(t, ownAddr(t), nodes, dht.Config{})
		nodes = append(nodes, n.addr)
	}
	clientsMeetIn(t, nodes)
}

// clientsMeetIn has each client find us by a link, and us find it, in a DHT.
func clientsMeetIn(t *testing.T, nodes []netip.AddrPort) {
	for _, c := range clients {
		t.Run(c.String()+" finds us", func(t *testing.T) {
			t.Parallel()
			need(t, c)
			content := dhtShape.make(t, 51)
			tor, file := content.torrent(t, builder.Options{PieceLength: dhtShape.pieceLength})
			ours, node := startInDHT(t, nodes, content.dir)
			mine, err := ours.Add(t.Context(), file)
			require.NoError(t, err)
			require.NoError(t, mine.Wait(within(t)))
			node.awaitPeer(t, nodeid.ID(tor.IDs()[0]), ours.Addr())
			dir := t.TempDir()
			theirs := c.start(t, apart(t), job{torrent: tor.Magnet().String(), dir: dir, dht: nodes})
			require.NoError(t, theirs.whole(withinDHT(t)))
			theirs.kill()
			content.requireEqual(t, dir, c.leavesOutEmpty())
		})
		t.Run("we find "+c.String(), func(t *testing.T) {
			t.Parallel()
			need(t, c)
			content := dhtShape.make(t, 52)
			tor, file := content.torrent(t, builder.Options{PieceLength: dhtShape.pieceLength})
			theirs := c.start(t, apart(t), job{torrent: file, dir: content.dir, seed: true, dht: nodes})
			dir := t.TempDir()
			ours, node := startInDHT(t, nodes, dir)
			node.awaitPeerUntil(t, withinDHT(t), nodeid.ID(tor.IDs()[0]), theirs.addr)
			mine, err := ours.Add(t.Context(), tor.Magnet())
			require.NoError(t, err)
			require.NoError(t, mine.Wait(within(t)), "%+v", mine.Fetch())
			content.requireEqual(t, dir, false)
		})
	}
}

// startNodesApart starts nodes of libtorrent in the network namespace, an address each.
func startNodesApart(t *testing.T, n int) (addrs []netip.AddrPort) {
	t.Helper()
	var namespace string
	for range n {
		p := apart(t)
		namespace = p.namespace
		addrs = append(addrs, netip.AddrPortFrom(p.theirs, p.freePort(t)))
	}
	startTheirNodes(t, namespace, addrs)
	return addrs
}

// startInDHT starts a client of ours, and a node at the same address, in which alone it finds
// peers.
func startInDHT(t *testing.T, nodes []netip.AddrPort, dir string) (*shoalclient.Client, *ourNode) {
	t.Helper()
	addr := ownAddr(t)
	node := startOurNode(t, addr, nodes, dht.Config{})
	ours, err := shoalclient.New(shoalclient.Config{
		Dir:        dir,
		State:      t.TempDir(),
		Listen:     addr.String() + ":0",
		NoPEX:      true,
		NewSources: func(*metainfo.Torrent) ([]swarm.PeerSource, error) { return sources(node), nil },
	})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, ours.Close()) })
	return ours, node
}

func withinDHT(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), dhtLimit)
	t.Cleanup(cancel)
	return ctx
}
