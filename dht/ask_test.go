package dht_test

import (
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"github.com/shoal-bt/shoal/dht"
	"github.com/shoal-bt/shoal/dht/krpc"
	"github.com/shoal-bt/shoal/dht/nodeid"
	"github.com/shoal-bt/shoal/swarm"
	"github.com/stretchr/testify/require"
)

// One node is asked who it is and what it stores, by a node that knows nobody.
func TestAskOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newNetwork()
		nodes := w.many(t, 5)
		hash := swarm.ID{1, 2, 3}
		_, err := nodes[2].Announce(t.Context(), swarm.Announcement{Swarm: hash, Port: 7000}, func(swarm.Address) {})
		require.NoError(t, err)
		n := w.open(t, "10.0.0.99:1", dht.Config{ReadOnly: true, Routers: []string{}})
		addr := netip.MustParseAddrPort("[::ffff:10.0.0.1]:6881")
		identity, err := n.Identify(t.Context(), addr)
		require.NoError(t, err)
		require.Equal(t, dht.Identity{ID: nodes[0].Save().ID4, Version: "SL\x00\x01", Took: 100 * time.Millisecond}, identity)
		samples, err := n.SampleOf(t.Context(), addr)
		require.NoError(t, err)
		require.Equal(t, netip.MustParseAddrPort("10.0.0.1:6881"), samples.From)
		require.Equal(t, []nodeid.ID{nodeid.ID(hash)}, samples.Hashes)
		require.Equal(t, 1, samples.Num)
		for _, a := range []string{"10.0.0.77:1", "[fd00::1]:6881", "10.0.0.1:0"} {
			_, err = n.Identify(t.Context(), netip.MustParseAddrPort(a))
			require.ErrorIs(t, err, dht.ErrNoNodes, a)
			_, err = n.SampleOf(t.Context(), netip.MustParseAddrPort(a))
			require.ErrorIs(t, err, dht.ErrNoNodes, a)
		}
		require.Empty(t, n.Nodes(nodeid.ID{})[1:], "nobody else was asked")
	})
}

// A node that answers without samples, or with an error, is told apart from one that is
// silent.
func TestAskOneThatIsStrange(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newNetwork()
		n := w.open(t, "10.0.0.99:1", dht.Config{ReadOnly: true, Routers: []string{}})
		other := w.at("10.0.0.50:1")
		answer := func(a krpc.Message) {
			b := make([]byte, 2000)
			size, from, err := other.ReadFrom(b)
			require.NoError(t, err)
			m, err := krpc.Parse(b[:size])
			require.NoError(t, err)
			a.Transaction = m.Transaction
			other.WriteTo(a.AppendTo(nil), from)
		}
		go answer(krpc.Message{Kind: krpc.Response, ID: nodeid.ID{5}})
		samples, err := n.SampleOf(t.Context(), other.addr)
		require.NoError(t, err)
		require.Zero(t, samples)
		go answer(krpc.Message{Kind: krpc.Failure, Code: krpc.MethodUnknown, Text: "no"})
		_, err = n.SampleOf(t.Context(), other.addr)
		var refused *krpc.Error
		require.ErrorAs(t, err, &refused)
		require.Equal(t, krpc.MethodUnknown, refused.Code)
	})
}

// A search that waited for a bootstrap fails when that does, not at the next upkeep.
func TestFailedBootstrapEndsSearches(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNetwork().open(t, "10.0.0.2:6881", dht.Config{})
		began := time.Now()
		_, err := n.Find(t.Context(), nodeid.ID{})
		require.ErrorIs(t, err, dht.ErrNoNodes)
		require.LessOrEqual(t, time.Since(began), 4*time.Second, "the time after which one query is given up")
	})
}
