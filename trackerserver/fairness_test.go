package trackerserver

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"testing"
	"time"

	"github.com/shoal-bt/shoal/swarm"
	"github.com/stretchr/testify/require"
)

// checkRegistry compares what the registry counts with the swarms of m.
func checkRegistry(t *testing.T, m *Memory) {
	t.Helper()
	g := &m.registry
	made, present := make(map[holder]int), make(map[holder]int32)
	swarms := 0
	for i := range m.shards {
		for _, r := range m.shards[i].swarms {
			swarms++
			made[r.maker]++
			inSwarm := make(map[holder]int)
			for _, e := range r.four.entries {
				inSwarm[e.at.holder()]++
			}
			for _, e := range r.six.entries {
				inSwarm[e.at.holder()]++
			}
			for h, n := range inSwarm {
				present[h]++
				require.Equal(t, n, r.countOf(h))
			}
		}
	}
	require.Equal(t, swarms, g.size)
	require.Equal(t, swarms, chainLength(g.all, ofAll))
	require.Len(t, g.made, len(made))
	require.Equal(t, len(made), g.charged.index.size())
	for h, n := range made {
		require.Equal(t, n, chainLength(g.made[h], ofMaker))
		require.Equal(t, n, g.charged.count(h))
	}
	require.Equal(t, len(present), g.present.size())
	for h, n := range present {
		got, _ := g.present.get(h)
		require.Equal(t, n, got)
	}
}

func chainLength(c chain, k chainKind) (n int) {
	var previous *record
	for r := c.first; r != nil; r = r.links[k].next {
		if r.links[k].previous != previous {
			return -1
		}
		previous = r
		n++
	}
	if c.last != previous {
		return -1
	}
	return n
}

// announceFrom announces a leecher at an address to a swarm, a second after the last
// announce.
func announceFrom(t *testing.T, m *Memory, c *clock, torrent int, addr string) (reply Reply) {
	t.Helper()
	c.advance(time.Second)
	a := netip.MustParseAddrPort(addr)
	id := swarm.PeerID{18: byte(a.Port() >> 8), 19: byte(a.Port())}
	copy(id[:], a.Addr().AsSlice())
	r := &Request{Swarm: numbered(torrent), Peer: id, Addr: a, Left: 1, Want: 1000}
	require.NoError(t, m.Announce(context.Background(), r, &reply))
	return reply
}

// TestPortsOfOneAddress announces many ports of one address, and checks that peers at
// other addresses are kept and found.
func TestPortsOfOneAddress(t *testing.T) {
	for name, attacker := range map[string]func(i int) string{
		"IPv4":        func(i int) string { return fmt.Sprintf("192.0.2.1:%d", i) },
		"IPv4 mapped": func(i int) string { return fmt.Sprintf("[::ffff:192.0.2.1]:%d", i) },
		"a /64":       func(i int) string { return fmt.Sprintf("[2001:db8::%x]:%d", i, i) },
	} {
		t.Run(name, func(t *testing.T) {
			c := newClock()
			m := NewMemory(Config{MaxPeers: 100, MaxPeersPerAddress: 30, Interval: 24 * time.Hour, Now: c.now})
			announceFrom(t, m, c, 1, "198.51.100.1:6881")
			for i := 1; i <= 10_000; i++ {
				announceFrom(t, m, c, 1, attacker(i))
			}
			reply := announceFrom(t, m, c, 1, "[2001:db8:0:1::1]:6881")
			require.Equal(t, 32, reply.Leechers)
			require.Contains(t, addressesOf(reply), "198.51.100.1:6881")
			require.NotContains(t, addressesOf(reply), netip.MustParseAddrPort(attacker(9970)).String(), "the oldest of the address make room")
			reply = announceFrom(t, m, c, 1, "198.51.100.2:6881")
			require.Contains(t, addressesOf(reply), "[2001:db8:0:1::1]:6881")
			checkRegistry(t, m)
		})
	}
}

func addressesOf(r Reply) (all []string) {
	for _, p := range r.Peers {
		all = append(all, netip.AddrPortFrom(p.Addr.Addr().Unmap(), p.Addr.Port()).String())
	}
	return all
}

// TestLargestHolderMakesRoom fills a swarm from two addresses, one of which has more
// peers, and checks which peers make room, with and without an index.
func TestLargestHolderMakesRoom(t *testing.T) {
	for _, limit := range []int{10, 100} {
		c := newClock()
		m := NewMemory(Config{MaxPeers: limit, MaxPeersPerAddress: -1, Now: c.now})
		few := limit / 5
		for i := range few {
			announceFrom(t, m, c, 1, fmt.Sprintf("192.0.2.1:%d", 1+i))
		}
		for i := range limit - few {
			announceFrom(t, m, c, 1, fmt.Sprintf("192.0.2.2:%d", 1+i))
		}
		for i := range limit / 2 {
			announceFrom(t, m, c, 1, fmt.Sprintf("198.51.100.%d:1", i+1))
		}
		r := m.shard(numbered(1)).swarms[numbered(1)]
		require.Equal(t, limit, r.size())
		small := endpoint4{[4]byte{192, 0, 2, 1}, 1}
		require.Equal(t, few, r.countOf(small.holder()))
		large := endpoint4{[4]byte{192, 0, 2, 2}, 1}
		require.Equal(t, limit-few-limit/2, r.countOf(large.holder()))
		require.Negative(t, r.four.find(large), "the oldest made room")
		require.Equal(t, uint16(limit/2+1), r.four.entries[r.four.oldestOf(large.holder())].at.port)
	}
}

// TestSwarmsOfOneAddress announces many info hashes from one address, and checks that
// the swarms of others stay and that others can still make some.
func TestSwarmsOfOneAddress(t *testing.T) {
	for _, perAddress := range []int{-1, 50} {
		c := newClock()
		m := NewMemory(Config{MaxSwarms: 100, MaxSwarmsPerAddress: perAddress, Interval: 24 * time.Hour, Now: c.now})
		announceFrom(t, m, c, 1, "198.51.100.1:6881")
		for i := range 1000 {
			reply := announceFrom(t, m, c, 1000+i, "192.0.2.1:6881")
			if i >= 50 && perAddress > 0 {
				require.Equal(t, warnTooMany, reply.Warning)
			} else {
				require.Empty(t, reply.Warning)
			}
		}
		for i := range 70 {
			announceFrom(t, m, c, 2+i, fmt.Sprintf("198.51.100.%d:6881", 2+i))
		}
		for i := range 71 {
			require.Equal(t, 2, announceFrom(t, m, c, 1+i, fmt.Sprintf("203.0.113.%d:6881", i)).Leechers, "swarm %d stayed", 1+i)
		}
		checkRegistry(t, m)
	}
}

// TestTotalOfPeers fills a tracker from many addresses, and checks that the number of
// peers stays within its limit, that newcomers are kept, and that what makes room for them
// is in their own swarm or belongs to the address that made most swarms.
func TestTotalOfPeers(t *testing.T) {
	c := newClock()
	m := NewMemory(Config{MaxTotalPeers: 200, Now: c.now})
	for i := range 30 {
		announceFrom(t, m, c, 1, fmt.Sprintf("198.51.100.%d:1", i))
	}
	for i := range 1000 {
		announceFrom(t, m, c, 100+i, "[2001:db8::1]:1")
		announceFrom(t, m, c, 100+i, fmt.Sprintf("[2001:db8:0:%x::1]:1", 1+i))
		require.LessOrEqual(t, m.Totals().Peers, 200)
	}
	require.Equal(t, 30, announceFrom(t, m, c, 1, "198.51.100.200:1").Leechers)
	require.Equal(t, 1, announceFrom(t, m, c, 2, "198.51.100.201:1").Leechers)
	require.Contains(t, addressesOf(announceFrom(t, m, c, 2, "198.51.100.202:1")), "198.51.100.201:1")
	checkRegistry(t, m)
}

// TestSwarmsLeftBehind makes swarms that keep a count of completed downloads but no peer.
func TestSwarmsLeftBehind(t *testing.T) {
	c := newClock()
	m := NewMemory(Config{MaxSwarmsPerAddress: 10, Now: c.now})
	for i := range 100 {
		r := request(i, 1, swarm.Completed)
		r.Left = 0
		require.NoError(t, m.Announce(context.Background(), r, new(Reply)))
		r.Event = swarm.Stopped
		require.NoError(t, m.Announce(context.Background(), r, new(Reply)))
	}
	require.Equal(t, Totals{Swarms: 10}, m.Totals())
	for i := range 100 {
		require.NoError(t, m.Announce(context.Background(), request(1000+i, 1, swarm.Started), new(Reply)))
		require.NoError(t, m.Announce(context.Background(), request(1000+i, 1, swarm.Stopped), new(Reply)))
		r := request(2000+i, 1, swarm.Started)
		r.Addr = netip.AddrPortFrom(r.Addr.Addr(), 0)
		require.NoError(t, m.Announce(context.Background(), r, new(Reply)))
	}
	require.LessOrEqual(t, m.Totals().Swarms, 10)
	checkRegistry(t, m)
}

// TestLoopbackHasNoLimitPerAddress exists because a test may run many clients on one
// machine. They still make room for others.
func TestLoopbackHasNoLimitPerAddress(t *testing.T) {
	c := newClock()
	m := NewMemory(Config{MaxPeers: 50, MaxPeersPerAddress: 2, MaxSwarmsPerAddress: 2, Now: c.now})
	for i := range 100 {
		announceFrom(t, m, c, i%5, fmt.Sprintf("127.0.0.1:%d", 1+i))
		announceFrom(t, m, c, 9, fmt.Sprintf("[::1]:%d", 1+i))
	}
	require.Equal(t, Totals{Swarms: 6, Peers: 150}, m.Totals())
	require.Contains(t, addressesOf(announceFrom(t, m, c, 9, "192.0.2.1:1")), "[::1]:100")
	require.Contains(t, addressesOf(announceFrom(t, m, c, 9, "192.0.2.2:1")), "192.0.2.1:1")
}

// TestTallyAgainstMap does random things to a tally and to a map.
func TestTallyAgainstMap(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	var tally tally
	want := make(map[holder]int)
	for step := range 20_000 {
		h := holder(random.IntN(1 + step%50))
		if h%2 == 0 {
			h |= 0xffff << 32 // of IPv4
		}
		if want[h] > 0 && random.IntN(2) == 0 {
			tally.remove(h)
			want[h]--
		} else {
			tally.add(h)
			want[h]++
		}
		if step%97 != 0 {
			continue
		}
		most := 0
		for h, count := range want {
			require.Equal(t, count, tally.count(h))
			most = max(most, count)
		}
		if most > 0 {
			h, count := tally.largest()
			require.Equal(t, most, count)
			require.True(t, most == 1 || want[h] == most)
		}
	}
}

// BenchmarkFullSwarm announces new peers to a swarm that is full, from one address that
// has as many peers as it may, and from many.
func BenchmarkFullSwarm(b *testing.B) {
	m := NewMemory(Config{})
	for i := range 10_000 {
		m.Announce(context.Background(), request(1, i, swarm.Started), new(Reply))
	}
	for name, addresses := range map[string]int{"one address": 1, "many addresses": 1 << 20} {
		b.Run(name, func(b *testing.B) {
			r := request(1, 1, swarm.Started)
			var reply Reply
			i := 0
			for b.Loop() {
				i++
				n := i % addresses
				addr := netip.AddrFrom4([4]byte{11, byte(n >> 16), byte(n >> 8), byte(n)})
				r.Addr = netip.AddrPortFrom(addr, uint16(1+i%60_000))
				reply.Peers = reply.Peers[:0]
				m.Announce(context.Background(), r, &reply)
			}
		})
	}
}
