package node

import (
	"encoding/binary"
	"net/netip"
	"slices"
	"testing"

	"github.com/shoal-bt/shoal/dht/bloom"
	"github.com/shoal-bt/shoal/dht/krpc"
	"github.com/shoal-bt/shoal/dht/nodeid"
	"github.com/stretchr/testify/require"
)

// What each node counts is joined, and whom several count is counted once. The peers that a node
// names which does not count are added if nobody counts them as seeds, whoever answers first
// (https://www.bittorrent.org/beps/bep_0033.html, "Handling legacy responses").
func TestCountsAreJoined(t *testing.T) {
	for legacy := range 5 {
		w := newWorld(t, Config{})
		w.know(5)
		id := w.s.Begin(w.now, Request{Method: krpc.GetPeers, Target: nodeid.ID{7}, Scrape: true})
		answers := 0
		done, _ := w.play(id, func(q sent) (krpc.Message, bool) {
			m := krpc.Message{ID: w.s.idOf(q.to), Values: []netip.AddrPort{public(1), public(2)}}
			if answers != legacy {
				seeds, peers := new(bloom.Filter), new(bloom.Filter)
				seeds.Add(public(1).Addr())
				seeds.Add(public(10 + answers).Addr())
				peers.Add(public(100 + answers).Addr())
				m.Seeds, m.Peers = (*[256]byte)(seeds), (*[256]byte)(peers)
			}
			answers++
			return m, true
		})
		require.Equal(t, 5, answers)
		require.InDelta(t, 5, done.Seeds, 0.2)
		require.InDelta(t, 5, done.Peers, 0.2)
	}
}

// However many peers are named by those who do not count, few are kept.
func TestFewUncountedAreKept(t *testing.T) {
	s := &task{Request: Request{Scrape: true}}
	for i := range 100 {
		var m krpc.Message
		for j := range 200 {
			var b [4]byte
			binary.BigEndian.PutUint32(b[:], uint32(20<<24+200*i+j))
			m.Values = append(m.Values, netip.AddrPortFrom(netip.AddrFrom4(b), 1))
		}
		s.count(&m)
	}
	require.Len(t, s.uncounted, maxPeersOfTask)
	s.countRest()
	require.Empty(t, s.uncounted)
	require.Greater(t, s.peers.Estimate(), 3000.0)
}

// A node of many swarms names 20 of them, says how many it has, and when to ask again.
func TestServeSamples(t *testing.T) {
	for swarms, interval := range map[int]int64{0: 0, 20: 0, 50: 900} {
		w := newWorld(t, Config{})
		w.know(8)
		var all []nodeid.ID
		for i := range swarms {
			all = append(all, nodeid.Random(w.random))
			require.NoError(t, w.s.peers.Add(w.now, w.s.self, all[i], public(i), false))
		}
		a := w.ask(public(1), krpc.Message{Method: krpc.SampleInfohashes, HasTarget: true})
		require.True(t, a.Sampled)
		require.EqualValues(t, swarms, a.Num)
		require.Equal(t, interval, a.Interval)
		require.Len(t, a.Samples, 20*min(swarms, 20))
		require.Len(t, a.Nodes, 8)
		for b := a.Samples; len(b) > 0; b = b[20:] {
			require.True(t, slices.Contains(all, nodeid.ID(b[:20])))
		}
	}
}

// What nodes say of their samples is believed within bounds, and who names none is no result.
func TestTakeSamples(t *testing.T) {
	w := newWorld(t, Config{})
	nodes := w.know(3)
	id := w.s.Begin(w.now, Request{Method: krpc.SampleInfohashes})
	_, events := w.play(id, func(q sent) (krpc.Message, bool) {
		m := krpc.Message{ID: w.s.idOf(q.to), Interval: 1 << 60, Num: 1 << 60, Samples: make([]byte, 40), Sampled: q.to == nodes[0].Addr}
		return m, true
	})
	require.Equal(t, []Event{SamplesEvent{
		Task:     id,
		From:     nodes[0].Addr,
		Hashes:   make([]nodeid.ID, 2),
		Num:      1 << 30,
		Interval: 21600e9,
	}}, events)
}
