package dht_test

import (
	"context"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/shoal-bt/shoal/dht"
	"github.com/shoal-bt/shoal/dht/krpc"
	"github.com/shoal-bt/shoal/dht/nodeid"
	"github.com/shoal-bt/shoal/swarm"
	"github.com/stretchr/testify/require"
)

// A program hears that its node knows others, what its address is, how each search ended, and at
// the end that the node is closed.
func TestEvents(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newNetwork()
		known := []string{"20.0.0.1:6881"}
		for i := range byte(10) {
			w.open(t, netip.AddrPortFrom(netip.AddrFrom4([4]byte{20, 0, i, 1}), 6881).String(), dht.Config{Nodes: known, Routers: []string{}})
		}
		var events []dht.Event
		n := w.open(t, "30.0.0.1:1", dht.Config{Nodes: known, Routers: []string{}, OnEvent: func(e dht.Event) { events = append(events, e) }})
		_, err := n.Find(t.Context(), nodeid.ID{7})
		require.NoError(t, err)
		v4, v6 := n.Stats()
		require.Nil(t, v6)
		require.NoError(t, n.Close())
		require.Contains(t, events, dht.AddressEvent{External: netip.MustParseAddr("30.0.0.1"), ID: v4.ID})
		boot := lastBootstrap(events)
		require.NoError(t, boot.Err)
		require.NotZero(t, boot.Nodes)
		search, ok := events[len(events)-2].(dht.LookupEvent)
		require.True(t, ok)
		require.Equal(t, nodeid.ID{7}, search.Target)
		require.Equal(t, 8, search.Nodes)
		require.GreaterOrEqual(t, search.Asked, 8)
		require.Equal(t, dht.ClosedEvent{}, events[len(events)-1])
	})
}

// Each family has statistics of its own.
func TestStatsOfFamilies(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newNetwork()
		n, err := dht.Open(dht.Config{Conn4: w.at("10.0.0.2:1"), Conn6: w.at("[fd00::2]:1"), Routers: []string{}})
		require.NoError(t, err)
		defer n.Close()
		v4, v6 := n.Stats()
		saved := n.Save()
		require.Equal(t, saved.ID4, v4.ID)
		require.Equal(t, saved.ID6, v6.ID)
		require.NotEqual(t, v4.ID, v6.ID)
	})
}

// Who accepts no peers looks for them and announces nothing. Who accepts them at the port of the
// socket is found there, whatever the router in between made of the port.
func TestPortsOfAnnounces(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newNetwork()
		nodes := w.many(t, 10)
		implied := w.open(t, "10.0.0.99:7", dht.Config{ImpliedPort: true})
		found := func(a swarm.Announcement, n *dht.Node) (all []netip.AddrPort) {
			_, err := n.Announce(t.Context(), a, func(p swarm.Address) { all = append(all, p.AddrPort) })
			require.NoError(t, err)
			return all
		}
		require.Empty(t, found(swarm.Announcement{Port: 0, Left: 1}, nodes[1]))
		require.Empty(t, found(swarm.Announcement{Port: 8, Left: 1}, implied), "the first announced nothing")
		require.Contains(t, found(swarm.Announcement{Port: 0, Left: 1}, nodes[2]), netip.MustParseAddrPort("10.0.0.99:7"))
		require.NotContains(t, found(swarm.Announcement{Port: 0, Left: 1}, nodes[2]), netip.MustParseAddrPort("10.0.0.99:8"))
	})
}

// A search whose caller has enough, or does not wait any more, ends.
func TestSearchesEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newNetwork()
		nodes := w.many(t, 20)
		hash := swarm.ID{1}
		_, err := nodes[1].Announce(t.Context(), swarm.Announcement{Swarm: hash, Port: 1}, func(swarm.Address) {})
		require.NoError(t, err)
		time.Sleep(time.Minute) // what nodes look up by themselves is over
		for _, err := range nodes[2].Peers(t.Context(), nodeid.ID(hash)) {
			require.NoError(t, err)
			break
		}
		ctx, stop := context.WithTimeout(t.Context(), 10*time.Millisecond)
		defer stop()
		_, err = nodes[2].Find(ctx, nodeid.ID{9})
		require.ErrorIs(t, err, context.DeadlineExceeded)
		v4, _ := nodes[2].Stats()
		require.Zero(t, v4.Tasks)
	})
}

// Of the name of a node's program the first 32 bytes are kept.
func TestLongVersion(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newNetwork()
		n := w.open(t, "10.0.0.2:1", dht.Config{Routers: []string{}})
		other := w.at("10.0.0.3:1")
		go func() {
			b := make([]byte, 1000)
			size, from, err := other.ReadFrom(b)
			require.NoError(t, err)
			m, err := krpc.Parse(b[:size])
			require.NoError(t, err)
			a := krpc.Message{Kind: krpc.Response, Transaction: m.Transaction, Version: []byte(strings.Repeat("v", 500))}
			other.WriteTo(a.AppendTo(nil), from)
		}()
		identity, err := n.Identify(t.Context(), other.addr)
		require.NoError(t, err)
		require.Len(t, identity.Version, 32)
	})
}
