package e2e

import (
	"net"
	"net/netip"
	"sync"
	"testing"

	"github.com/shoal-bt/shoal/dht"
	"github.com/shoal-bt/shoal/dht/nodeid"
	"github.com/shoal-bt/shoal/swarm"
	"github.com/shoal-bt/shoal/udpmux"
	"github.com/shoal-bt/shoal/udptracker"
	"github.com/stretchr/testify/require"
)

// TestSharedSocket has a node of the DHT and a client of opentracker use one socket. Both
// work at the same time, and one goes on when the other has ended.
func TestSharedSocket(t *testing.T) {
	t.Parallel()
	var ids []swarm.ID
	for i := range 20 {
		ids = append(ids, swarm.ID{0: 0x71, 1: byte(i)})
	}
	tracker := startOpentracker(t, ids...)
	socket, err := net.ListenPacket("udp4", "127.0.0.1:0")
	require.NoError(t, err)
	mux := udpmux.New(socket, udpmux.Config{})
	defer mux.Close()
	forDHT, err := mux.Open(udpmux.KRPC)
	require.NoError(t, err)
	forTrackers, err := mux.Open(udpmux.TrackerAnswer)
	require.NoError(t, err)

	other := openNode(t, listenUDP(t))
	node, watcher := openNode(t, forDHT, other.addr), openNode(t, listenUDP(t), other.addr)
	trackers := udptracker.NewTrackers(udptracker.Config{Conn4: forTrackers})
	defer trackers.Close()
	source, err := trackers.New("udp://" + tracker)
	require.NoError(t, err)
	announce := func(to swarm.PeerSource, id swarm.ID, event swarm.Event) error {
		_, err := to.Announce(within(t), swarm.Announcement{Swarm: id, Port: 7000, Event: event}, func(swarm.Address) {})
		return err
	}
	errs := make([]error, 2*len(ids))
	var calls sync.WaitGroup
	for i, id := range ids {
		calls.Go(func() { errs[2*i] = announce(source, id, swarm.Started) })
		calls.Go(func() { errs[2*i+1] = announce(node, id, swarm.Started) })
	}
	calls.Wait()
	for _, err := range errs {
		require.NoError(t, err)
	}
	counts, err := udptracker.Scrape(within(t), "udp://"+tracker, udptracker.Config{}, ids...)
	require.NoError(t, err)
	for _, id := range ids {
		require.Equal(t, 1, counts[id].Seeds+counts[id].Leechers)
		var found []netip.AddrPort
		for a, err := range watcher.Peers(within(t), nodeid.ID(id)) {
			require.NoError(t, err)
			found = append(found, a)
		}
		require.Equal(t, []netip.AddrPort{netip.MustParseAddrPort("127.0.0.1:7000")}, found)
	}
	require.Zero(t, mux.Unclaimed())
	require.Zero(t, trackers.Ignored())

	require.NoError(t, node.Close())
	require.NoError(t, forDHT.Close())
	for _, id := range ids {
		require.NoError(t, announce(source, id, swarm.Stopped))
	}
}

// A knownNode is a node of the DHT, and where it is.
type knownNode struct {
	*dht.Node
	addr string
}

// openNode starts a node on a socket that knows others.
func openNode(t *testing.T, c net.PacketConn, others ...string) knownNode {
	t.Helper()
	n, err := dht.Open(dht.Config{Conn4: c, Nodes: others, Routers: []string{}, QueriesPerAddr: -1})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, n.Close()) })
	return knownNode{n, c.LocalAddr().String()}
}

// listenUDP returns a socket on loopback that is closed at the end of the test.
func listenUDP(t *testing.T) net.PacketConn {
	t.Helper()
	c, err := net.ListenPacket("udp4", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { c.Close() })
	return c
}
