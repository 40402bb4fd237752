package duplicates

import (
	"net/netip"
	"testing"

	"github.com/shoal-bt/shoal/swarm"
	"github.com/stretchr/testify/require"
)

func conn(addr, id string, outgoing bool) Conn {
	c := Conn{Addr: netip.MustParseAddrPort(addr), Outgoing: outgoing}
	copy(c.ID[:], id)
	return c
}

func TestMayBe(t *testing.T) {
	old := conn("192.0.2.1:1000", "b", false)
	require.Equal(t, Same, old.MayBe(conn("192.0.2.1:2000", "b", true)))
	require.Equal(t, Same, old.MayBe(conn("[::ffff:192.0.2.1]:2000", "b", false)))
	require.Equal(t, None, old.MayBe(conn("192.0.2.1:1000", "c", false)))
	require.Equal(t, Pretends, old.MayBe(conn("192.0.2.2:1000", "b", false)))
	require.Equal(t, None, old.MayBe(conn("192.0.2.2:1000", "b", true)), "we dialed, so it is the peer itself")
	require.Equal(t, Pretends, conn("192.0.2.1:1000", "b", true).MayBe(conn("192.0.2.2:1000", "b", true)))
}

// Of the connections that two peers made to each other, both keep the same one.
func TestReplaces(t *testing.T) {
	var a, b swarm.PeerID
	a[0], b[0] = 'a', 'b'
	byA := [2]Conn{conn("192.0.2.2:1", "b", true), conn("192.0.2.1:1", "a", false)} // as a sees it, and as b does
	byB := [2]Conn{conn("192.0.2.2:2", "b", false), conn("192.0.2.1:2", "a", true)}
	require.True(t, byB[0].Replaces(byA[0], a))
	require.True(t, byB[1].Replaces(byA[1], b))
	require.False(t, byA[0].Replaces(byB[0], a))
	require.False(t, byA[1].Replaces(byB[1], b))
	require.False(t, byB[0].Replaces(byB[0], a), "the same side made both")
}
