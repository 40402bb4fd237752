package e2e

import (
	"context"
	"net/netip"
	"testing"
	"time"

	"github.com/shoal-bt/shoal/dht"
	"github.com/shoal-bt/shoal/dht/nodeid"
	"github.com/shoal-bt/shoal/metainfo/builder"
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
	nodes := startNodesApart(t, 14)
	for _, c := range clients {
		findsUsIn(t, nodes, c)
		weFindIn(t, nodes, c)
	}
}

// TestDHTOfOurs is TestDHTClients in a DHT of 14 nodes of ours. We do not look for Transmission
// there: it announces late, and TestDHTClients waits for that.
func TestDHTOfOurs(t *testing.T) {
	t.Parallel()
	var nodes []netip.AddrPort
	for range 14 {
		n := startOurNode(t, ownAddr(t), nodes, dht.Config{})
		nodes = append(nodes, n.addr)
	}
	for _, c := range clients {
		findsUsIn(t, nodes, c)
		if c != (transmission{}) {
			weFindIn(t, nodes, c)
		}
	}
}

// findsUsIn has a client find "shoal seed" in a DHT, by a link.
func findsUsIn(t *testing.T, nodes []netip.AddrPort, c client) {
	t.Run(c.String()+" finds us", func(t *testing.T) {
		t.Parallel()
		need(t, c)
		content := dhtShape.make(t, 51)
		tor, file := content.torrent(t, builder.Options{PieceLength: dhtShape.pieceLength})
		addr, options := inDHT(t, nodes)
		startProgram(t, append([]string{"seed", file, "--dir", content.dir}, options...)...)
		startOurNode(t, ownAddr(t), nodes, dht.Config{ReadOnly: true}).await(t, within(t), nodeid.ID(tor.IDs()[0]), func(a netip.AddrPort) bool {
			return a.Addr() == addr
		})
		dir := t.TempDir()
		theirs := c.start(t, apart(t), job{torrent: tor.Magnet().String(), dir: dir, dht: nodes})
		require.NoError(t, theirs.whole(withinDHT(t)))
		theirs.kill()
		content.requireEqual(t, dir, c.leavesOutEmpty())
	})
}

// weFindIn has "shoal get" find a client in a DHT, by a link.
func weFindIn(t *testing.T, nodes []netip.AddrPort, c client) {
	t.Run("we find "+c.String(), func(t *testing.T) {
		t.Parallel()
		need(t, c)
		content := dhtShape.make(t, 52)
		tor, file := content.torrent(t, builder.Options{PieceLength: dhtShape.pieceLength})
		theirs := c.start(t, apart(t), job{torrent: file, dir: content.dir, seed: true, dht: nodes})
		startOurNode(t, ownAddr(t), nodes, dht.Config{ReadOnly: true}).await(t, withinDHT(t), nodeid.ID(tor.IDs()[0]), func(a netip.AddrPort) bool {
			return a == theirs.addr
		})
		dir := t.TempDir()
		_, options := inDHT(t, nodes)
		getLink(t, tor.Magnet(), dir, options...)
		content.requireEqual(t, dir, false)
	})
}

// inDHT returns an address of our own, and the options of a program that is there and finds
// peers in the DHT alone.
func inDHT(t *testing.T, nodes []netip.AddrPort) (netip.Addr, []string) {
	t.Helper()
	addr := ownAddr(t)
	options := []string{"--listen", addr.String() + ":0", "--no-pex"}
	for _, a := range nodes {
		options = append(options, "--bootstrap", a.String())
	}
	return addr, options
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

func withinDHT(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), dhtLimit)
	t.Cleanup(cancel)
	return ctx
}
