package trackerserver

import (
	"context"
	"math/rand/v2"
	"net/netip"
	"runtime"
	"testing"

	"github.com/shoal-bt/shoal/swarm"
	"github.com/stretchr/testify/require"
)

// bytesPerPeer fills a Memory and returns the live heap that a peer takes, with all that
// is needed for swarms, limits and expiry. Each peer has an address of its own, which
// takes most.
func bytesPerPeer(peers int, torrentOf func(i int) int, addrOf func(i int) netip.Addr) float64 {
	runtime.GC()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	m := NewMemory(Config{MaxSwarms: -1, MaxPeers: -1})
	var reply Reply
	for i := range peers {
		q := Request{
			Swarm: numbered(torrentOf(i)),
			Peer:  numberedPeer(i),
			Addr:  netip.AddrPortFrom(addrOf(i), 6881),
			Event: swarm.Started,
			Left:  int64(i % 2),
		}
		m.Announce(context.Background(), &q, &reply)
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	if m.Totals().Peers != peers {
		panic("peers were not kept")
	}
	runtime.KeepAlive(m)
	return (float64(after.HeapAlloc) - float64(before.HeapAlloc)) / float64(peers)
}

func ipv4Of(i int) netip.Addr {
	return netip.AddrFrom4([4]byte{11 + byte(i>>24), byte(i >> 16), byte(i >> 8), byte(i)})
}

func ipv6Of(i int) netip.Addr {
	return netip.AddrFrom16([16]byte{0x20, 0x01, 0x0d, 0xb8, byte(i >> 24), byte(i >> 16), byte(i >> 8), byte(i), 15: 1})
}

// shuffled returns a function of i that gives each of n numbers equally often, in no order.
func shuffled(peers, n int) func(i int) int {
	all := make([]int, peers)
	for i := range all {
		all[i] = i % n
	}
	random := rand.New(rand.NewPCG(1, 2))
	random.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	return func(i int) int { return all[i] }
}

// skewed returns a function of i that gives low numbers more often, as real torrents have
// peers: the largest of n has a good part of all.
func skewed(peers, n int) func(i int) int {
	all := make([]int, peers)
	zipf := rand.NewZipf(rand.New(rand.NewPCG(1, 2)), 1.1, 10, uint64(n-1))
	for i := range all {
		all[i] = int(zipf.Uint64())
	}
	return func(i int) int { return all[i] }
}

// TestMemoryPerPeer has a looser bound than BenchmarkMemoryPerPeer, because maps grow in
// steps.
func TestMemoryPerPeer(t *testing.T) {
	const peers, torrents = 50_000, 5_000
	require.Less(t, bytesPerPeer(peers, shuffled(peers, torrents), ipv4Of), 100.0)
	require.Less(t, bytesPerPeer(peers, shuffled(peers, torrents), ipv6Of), 120.0)
	require.Less(t, bytesPerPeer(peers, func(i int) int { return i % 10 }, ipv4Of), 120.0, "swarms with an index")
}

// BenchmarkMemoryPerPeer measures the live heap of a million peers.
func BenchmarkMemoryPerPeer(b *testing.B) {
	const peers, torrents = 1_000_000, 100_000
	for _, test := range []struct {
		name      string
		torrentOf func(i int) int
		addrOf    func(i int) netip.Addr
	}{
		{"100000 swarms, IPv4", shuffled(peers, torrents), ipv4Of},
		{"100000 swarms, IPv6", shuffled(peers, torrents), ipv6Of},
		{"100000 swarms, skewed", skewed(peers, torrents), ipv4Of},
		{"100 swarms, IPv4", shuffled(peers, 100), ipv4Of},
	} {
		b.Run(test.name, func(b *testing.B) {
			for b.Loop() {
				b.ReportMetric(bytesPerPeer(peers, test.torrentOf, test.addrOf), "bytes/peer")
			}
		})
	}
}
