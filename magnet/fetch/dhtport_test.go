package fetch

import (
	"net/netip"
	"testing"
	"time"

	"github.com/shoal-bt/shoal/peerwire"
	"github.com/shoal-bt/shoal/swarm"
	"github.com/stretchr/testify/require"
)

// ports returns the ports of nodes that a peer was named.
func (r *remote) ports() (all []uint16) {
	for _, m := range r.got {
		if m.Kind == peerwire.Port {
			all = append(all, m.Port)
		}
	}
	return all
}

// Peers with a node of the DHT hear where ours is, when they join and when it moves.
func TestPeersHearOfOurNode(t *testing.T) {
	w := newWorld(t, randomInfo(100))
	mute := func(id swarm.Peer, dht bool) *remote {
		r := &remote{id: id, mute: true}
		w.peers[id] = r
		w.s.Join(w.now, Joined{Peer: r.id, Addr: addrOf(r.id), DHT: dht})
		w.settle()
		w.runFor(time.Second)
		return r
	}
	before := mute(1, true)
	require.Empty(t, before.ports())
	plain := mute(2, false)
	w.s.SetDHTPort(w.now, 7001)
	w.settle()
	late := mute(3, true)
	w.s.SetDHTPort(w.now, 7001)
	w.s.SetDHTPort(w.now, 7002)
	w.settle()
	w.s.SetDHTPort(w.now, 0)
	w.settle()
	w.runFor(time.Second)
	require.Equal(t, []uint16{7001, 7002}, before.ports())
	require.Equal(t, []uint16{7001, 7002}, late.ports())
	require.Empty(t, plain.ports())
	require.Empty(t, mute(4, true).ports())
}

// A node that a peer names is heeded once a minute, and the torrent reads of it again.
func TestNodeOfAPeer(t *testing.T) {
	now := time.Unix(1e9, 0)
	s := New(Config{HashV1: [20]byte{1}})
	s.Join(now, Joined{Peer: 1, Addr: netip.MustParseAddrPort("[::ffff:192.0.2.1]:6881")})
	say := func(port uint16) []netip.AddrPort {
		s.Receive(now, 1, peerwire.Message{Kind: peerwire.Port, Port: port})
		return s.Settle(now).Nodes
	}
	node := func(text string) []netip.AddrPort { return []netip.AddrPort{netip.MustParseAddrPort(text)} }
	require.Empty(t, say(0))
	require.Equal(t, node("192.0.2.1:7001"), say(7001))
	require.Empty(t, say(7002))
	now = now.Add(portEvery - 1)
	require.Empty(t, say(7003))
	now = now.Add(1)
	require.Equal(t, node("192.0.2.1:7004"), say(7004))
	require.Equal(t, peerwire.Message{Kind: peerwire.Port, Port: 7004}.AppendTo(nil), s.Replay(1))
	require.Empty(t, s.Settle(now).Nodes)
}
