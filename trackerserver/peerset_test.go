package trackerserver

import (
	"math/rand/v2"
	"net/netip"
	"testing"

	"github.com/shoal-bt/shoal/swarm"
	"github.com/stretchr/testify/require"
)

func endpointOf(i int) endpoint4 {
	return endpoint4{[4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)}, uint16(1 + i%60000)}
}

// check compares a peerSet with a map of the expected peers, true for seeds.
func check(t *testing.T, r *peerSet[endpoint4], want map[endpoint4]bool) {
	t.Helper()
	require.Len(t, r.entries, len(want))
	if r.index != nil {
		require.Len(t, r.index.at, len(want))
	}
	for i, e := range r.entries {
		isSeed, ok := want[e.at]
		require.True(t, ok)
		require.Equal(t, isSeed, e.role == seed)
		require.Equal(t, isSeed, i >= int(r.leechers))
		require.Equal(t, i, r.find(e.at))
	}
	require.EqualValues(t, len(want), r.leechers+r.seeds)
}

func seedIf(isSeed bool) role {
	if isSeed {
		return seed
	}
	return leecher
}

// TestPeerSetAgainstMap does random things to a peerSet and to a map.
func TestPeerSetAgainstMap(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	var r peerSet[endpoint4]
	var g registry
	want := make(map[endpoint4]bool)
	for step := range 20_000 {
		size := 10 + 60*(step/2000%3) // grow and shrink across indexFrom
		e := endpointOf(random.IntN(size))
		isSeed := random.IntN(2) == 0
		if i := r.find(e); i >= 0 {
			r.remove(&g, i)
			delete(want, e)
		} else if len(want) < size {
			r.add(&g, entry[endpoint4]{at: e, seenAt: uint32(step), role: seedIf(isSeed)})
			want[e] = isSeed
		}
		if step%97 == 0 {
			check(t, &r, want)
		}
	}
	check(t, &r, want)
}

func TestPeerSetExpires(t *testing.T) {
	var r peerSet[endpoint4]
	var g registry
	want := make(map[endpoint4]bool)
	random := rand.New(rand.NewPCG(1, 2))
	for i := range 1000 {
		seen := 1 + random.IntN(100)
		r.add(&g, entry[endpoint4]{at: endpointOf(i), seenAt: uint32(seen), role: seedIf(i%3 == 0)})
		if seen >= 40 {
			want[endpointOf(i)] = i%3 == 0
		}
	}
	r.expire(&g, 0, 100)
	require.Len(t, r.entries, 1000)
	r.expire(&g, 40, 100)
	check(t, &r, want)
	r.expire(&g, 60, 100)
	check(t, &r, want) // it does not check again so soon
	r.expire(&g, 1000, 1100)
	require.Empty(t, r.entries)
	require.Zero(t, g.present.size())
}

func TestPeerSetSamples(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	var r peerSet[endpoint4]
	var g registry
	require.Empty(t, r.sample(nil, 10, endpointOf(0), swarm.PeerID{}, false, random))
	for i := range 100 {
		r.add(&g, entry[endpoint4]{at: endpointOf(i), id: swarm.PeerID{0: byte(i)}, role: seedIf(i < 10)})
	}
	me := swarm.PeerID{0: 50}
	seen := make(map[netip.AddrPort]int)
	for range 1000 {
		peers := r.sample(nil, 20, endpointOf(60), me, false, random)
		require.Len(t, peers, 20)
		for _, p := range peers {
			seen[p.Addr]++
		}
	}
	require.Len(t, seen, 98, "all but the two entries of the peer that asks")
	for a, n := range seen {
		require.Greater(t, n, 100, a)
	}
	for range 100 {
		for _, p := range r.sample(nil, 1000, endpointOf(60), me, true, random) {
			require.GreaterOrEqual(t, int(p.ID[0]), 10, "a seed gets no seeds")
		}
	}
	require.Len(t, r.sample(nil, 1000, endpointOf(60), me, true, random), 88)
	require.Empty(t, r.sample(nil, 0, endpointOf(60), me, true, random))
}
