package trackerserver

import (
	"math/rand/v2"
	"net/netip"
	"testing"

	"github.com/shoal-bt/shoal/swarm"
	"github.com/stretchr/testify/require"
)

func endpointOf(i int) endpoint {
	a := netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)})
	return newEndpoint(netip.AddrPortFrom(a, uint16(1+i%60000)))
}

// check compares a peerSet with a map of the expected peers, true for seeds.
func check(t *testing.T, r *peerSet, want map[endpoint]bool) {
	t.Helper()
	require.Len(t, r.entries, len(want))
	if r.index != nil {
		require.Len(t, r.index, len(want))
	}
	for i, e := range r.entries {
		seed, ok := want[e.endpoint]
		require.True(t, ok)
		require.Equal(t, seed, i >= r.leechers)
		require.Equal(t, i, r.find(e.endpoint))
	}
}

// TestPeerSetAgainstMap does random things to a peerSet and to a map.
func TestPeerSetAgainstMap(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	var r peerSet
	want := make(map[endpoint]bool)
	for step := range 20_000 {
		size := 10 + 60*(step/2000%3) // grow and shrink across indexFrom
		e := endpointOf(random.IntN(size))
		seed := random.IntN(2) == 0
		if i := r.find(e); i >= 0 {
			r.remove(i)
			delete(want, e)
		} else if len(want) < size {
			r.add(entry{endpoint: e, seenAt: int64(step)}, seed)
			want[e] = seed
		}
		if step%97 == 0 {
			check(t, &r, want)
		}
	}
	check(t, &r, want)
}

func TestPeerSetExpires(t *testing.T) {
	const second = 1_000_000_000
	var r peerSet
	want := make(map[endpoint]bool)
	random := rand.New(rand.NewPCG(1, 2))
	for i := range 1000 {
		seen := int64(random.IntN(100)) * second
		r.add(entry{endpoint: endpointOf(i), seenAt: seen}, i%3 == 0)
		if seen >= 40*second {
			want[endpointOf(i)] = i%3 == 0
		}
	}
	r.expire(0, 100*second)
	require.Len(t, r.entries, 1000)
	r.expire(40*second, 100*second)
	check(t, &r, want)
	r.expire(60*second, 100*second+1)
	check(t, &r, want) // it does not check again so soon
	r.expire(1000*second, 1100*second)
	require.Empty(t, r.entries)
}

func TestPeerSetSamples(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	var r peerSet
	require.Empty(t, r.sample(nil, 10, endpointOf(0), swarm.PeerID{}, false, random))
	for i := range 100 {
		r.add(entry{endpoint: endpointOf(i), id: swarm.PeerID{0: byte(i)}}, i < 10)
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
