package allowedfast_test

import (
	"fmt"
	"net/netip"
	"testing"

	"github.com/shoal-bt/shoal/protocol/allowedfast"
	"github.com/shoal-bt/shoal/swarm"
	"github.com/stretchr/testify/require"
)

var (
	addr = netip.MustParseAddr
	id   = swarm.ID{0xaa, 0xaa, 0xaa, 0xaa, 0xaa, 0xaa, 0xaa, 0xaa, 0xaa, 0xaa, 0xaa, 0xaa, 0xaa, 0xaa, 0xaa, 0xaa, 0xaa, 0xaa, 0xaa, 0xaa}
)

const pieceLen = 2 * swarm.BlockLen

func geometry(pieces int) *swarm.Geometry {
	return &swarm.Geometry{PieceLength: pieceLen, Length: int64(pieces) * pieceLen}
}

// A peer is offered the set of BEP 6. What it took is not offered again.
func Example() {
	var g allowedfast.Grants
	peer, geo := addr("80.4.4.200"), geometry(1313)
	fmt.Println(g.Offer(peer, id, geo))
	for _, b := range []swarm.Block{geo.Block(1059, 0), geo.Block(1059, 1), geo.Block(1059, 1)} {
		fmt.Println("may take:", g.Take(peer, b, geo))
	}
	fmt.Println(g.Offer(peer, id, geo))
	// Output:
	// [1059 431 808 1217 287 376 1188 353 508 1246]
	// may take: true
	// may take: true
	// may take: false
	// [431 808 1217 287 376 1188 353 508 1246]
}

// TestANetworkHasOneGrant: it is no use to come back from another address of the /24.
func TestANetworkHasOneGrant(t *testing.T) {
	var g allowedfast.Grants
	geo := geometry(100)
	set := g.Offer(addr("80.4.4.200"), id, geo)
	require.Len(t, set, 10)
	for _, piece := range set {
		require.True(t, g.Take(addr("80.4.4.200"), geo.Block(piece, 0), geo))
		require.True(t, g.Take(addr("::ffff:80.4.4.7"), geo.Block(piece, 0), geo), "a block may get lost")
		require.False(t, g.Take(addr("80.4.4.9"), geo.Block(piece, 1), geo))
	}
	require.Empty(t, g.Offer(addr("80.4.4.201"), id, geo))
	require.Len(t, g.Offer(addr("80.4.5.201"), id, geo), 10)
}

// TestSmallTorrents: at most a tenth of a torrent is given away.
func TestSmallTorrents(t *testing.T) {
	var g allowedfast.Grants
	for pieces, want := range map[int]int{1: 0, 9: 0, 10: 1, 55: 5, 99: 9, 100: 10, 5000: 10} {
		require.Len(t, g.Offer(addr("1.2.3.4"), id, geometry(pieces)), want)
	}
	require.Empty(t, g.Offer(addr("2001:db8::1"), id, geometry(100)), "IPv6 has no set")
}

// TestOldNetworksAreForgotten: memory is bounded, so a network that took its pieces long ago
// may take them again.
func TestOldNetworksAreForgotten(t *testing.T) {
	var g allowedfast.Grants
	geo := geometry(100)
	take := func(i int) bool {
		return g.Take(netip.AddrFrom4([4]byte{1, byte(i >> 8), byte(i), 1}), swarm.Block{Piece: 1, Length: pieceLen}, geo)
	}
	for i := range 1000 {
		require.True(t, take(i))
	}
	require.False(t, take(0))
	require.True(t, take(1000))
	require.True(t, take(0))
	require.False(t, take(999))
}
