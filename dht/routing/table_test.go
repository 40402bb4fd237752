package routing

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/shoal-bt/shoal/dht/krpc"
	"github.com/shoal-bt/shoal/dht/nodeid"
	"github.com/stretchr/testify/require"
)

var start = time.Unix(1e9, 0)

// invariants checks what must always hold.
func (t *Table) invariants(tb testing.TB) {
	hosts := 0
	for i := range t.buckets {
		b := &t.buckets[i]
		require.LessOrEqual(tb, len(b.nodes), t.places(i))
		require.LessOrEqual(tb, len(b.replacements), K)
		networks := make(map[netip.Prefix]bool)
		for _, n := range b.nodes {
			hosts++
			require.Equal(tb, i, t.index(n.ID))
			require.Equal(tb, n.ID, t.hosts[hostOf(n.Addr)])
			require.NotEqual(tb, t.self, n.ID)
			require.Less(tb, int(n.Fails), maxFails)
			if !nodeid.Exempt(n.Addr.Addr()) {
				require.False(tb, networks[NetworkOf(n.Addr.Addr())], "one node of each network")
				networks[NetworkOf(n.Addr.Addr())] = true
			}
			require.False(tb, t.config.EnforceIDs && !n.Fits)
		}
		clear(networks)
		for _, n := range b.replacements {
			require.Equal(tb, i, t.index(n.ID))
			if !nodeid.Exempt(n.Addr.Addr()) {
				require.False(tb, networks[NetworkOf(n.Addr.Addr())], "one of each network waits")
				networks[NetworkOf(n.Addr.Addr())] = true
			}
		}
	}
	require.Len(tb, t.hosts, hosts)
}

func public(random *rand.Rand) netip.AddrPort {
	var b [4]byte
	binary.BigEndian.PutUint32(b[:], random.Uint32())
	b[0] = 20 + b[0]%80
	return netip.AddrPortFrom(netip.AddrFrom4(b), 6881)
}

func local(i int) netip.AddrPort {
	return netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 0, byte(i >> 8), byte(i)}), 6881)
}

// A table gets to know a thousand nodes, most of whom are far away and find no place.
func ExampleTable() {
	random := rand.New(rand.NewPCG(1, 1))
	now := time.Unix(1e9, 0)
	t := New(nodeid.Random(random), Config{Plain: true})
	for i := range 1000 {
		t.Answered(now, krpc.Contact{ID: nodeid.Random(random), Addr: local(i)}, 100*time.Millisecond)
	}
	fmt.Println(t.Len(), "nodes,", len(t.Closest(nil, t.Self(), K, now)), "of them nearest to us")
	// Output: 66 nodes, 8 of them nearest to us
}

// The nearest nodes are those that a sort finds.
func TestClosest(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	table := New(nodeid.Random(random), Config{})
	for i := range 2000 {
		table.Answered(start, krpc.Contact{ID: nodeid.Random(random), Addr: local(i)}, 0)
	}
	table.invariants(t)
	require.Greater(t, table.Len(), 200)
	for range 50 {
		target := nodeid.Random(random)
		var all []nodeid.ID
		for n := range table.All {
			all = append(all, n.ID)
		}
		slices.SortFunc(all, func(a, b nodeid.ID) int { return nodeid.Compare(target, a, b) })
		var got []nodeid.ID
		for _, c := range table.Closest(nil, target, 20, start) {
			got = append(got, c.ID)
		}
		require.Equal(t, all[:20], got)
	}
	require.Len(t, table.Closest(nil, table.Self(), 10000, start), table.Len())
}

// Nodes whose ids do not fit come last, however near they are.
func TestClosestThatFit(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 9))
	table := New(nodeid.Random(random), Config{})
	addr := func(int) netip.AddrPort { return public(random) }
	good := fill(table, random, 5, addr, true)
	bad := fill(table, random, 5, addr, false)
	got := table.Closest(nil, bad[0].ID, 8, start)
	require.Len(t, got, 8)
	require.ElementsMatch(t, good, got[:5])
	require.Equal(t, bad[0], got[5])
}

func TestStatus(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 3))
	table := New(nodeid.Random(random), Config{Plain: true})
	c := krpc.Contact{ID: nodeid.Random(random), Addr: local(1)}
	table.Asked(start, c)
	require.Zero(t, table.Len(), "who only asks is not added")
	require.True(t, table.Answered(start, c, time.Second))
	require.Equal(t, Good, table.Find(c.ID).Status(start.Add(14*time.Minute)))
	later := start.Add(16 * time.Minute)
	require.Equal(t, Questionable, table.Find(c.ID).Status(later))
	q, ok := table.Questionable(later)
	require.True(t, ok)
	require.Equal(t, c, q)
	table.Asked(later, c)
	require.Equal(t, Good, table.Find(c.ID).Status(later))
	require.Equal(t, 1, table.Good(later))
	table.Failed(later, c)
	require.Equal(t, Questionable, table.Find(c.ID).Status(later))
	table.Failed(later, c)
	require.Equal(t, Bad, table.Find(c.ID).Status(later))
	require.Empty(t, table.Closest(nil, c.ID, 8, later))
	for range 3 {
		table.Failed(later, c)
	}
	require.Zero(t, table.Len(), "after five it is dropped")
	require.True(t, table.Answered(later, c, time.Second))
	require.False(t, table.Answered(later, krpc.Contact{ID: table.Self(), Addr: local(2)}, 0), "our own id")
}

// fill puts n nodes into bucket 0, whose ids begin with the bit that ours does not.
func fill(table *Table, random *rand.Rand, n int, addr func(i int) netip.AddrPort, fits bool) (all []krpc.Contact) {
	for i := 0; len(all) < n; i++ {
		a := addr(i)
		id := nodeid.Random(random)
		if fits {
			id = nodeid.ForAddr(a.Addr(), random)
		}
		if id.Bit(0) == table.self.Bit(0) {
			continue
		}
		c := krpc.Contact{ID: id, Addr: a}
		table.Answered(start, c, 0)
		all = append(all, c)
	}
	return all
}

// A node that fails twice is replaced by one that waits; the first time it keeps its place.
func TestReplacements(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 4))
	table := New(nodeid.ID{}, Config{Plain: true})
	all := fill(table, random, 12, local, false)
	require.Equal(t, 8, table.Len())
	require.Equal(t, 4, table.Replacements())
	table.Failed(start, all[0])
	require.NotNil(t, table.Find(all[0].ID))
	table.Failed(start, all[0])
	require.Nil(t, table.Find(all[0].ID))
	require.NotNil(t, table.Find(all[11].ID), "the newest replacement")
	require.Equal(t, 3, table.Replacements())
	table.Failed(start, all[10])
	require.Equal(t, 2, table.Replacements(), "a replacement that fails is forgotten")
	table.invariants(t)
}

// Nodes whose ids fit take the places of those whose ids do not.
func TestFittingIDsArePreferred(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 5))
	table := New(nodeid.ID{}, Config{Plain: true})
	addr := func(int) netip.AddrPort { return public(random) }
	bad := fill(table, random, 8, addr, false)
	require.Equal(t, 8, table.Len())
	good := fill(table, random, 8, addr, true)
	for i := range good {
		require.NotNil(t, table.Find(good[i].ID))
		require.Nil(t, table.Find(bad[i].ID))
	}
	fill(table, random, 20, addr, false)
	for i := range good {
		require.NotNil(t, table.Find(good[i].ID), "they keep their places")
	}
	table.invariants(t)
	strict := New(nodeid.ID{}, Config{EnforceIDs: true})
	fill(strict, random, 8, addr, false)
	require.Zero(t, strict.Len())
	fill(strict, random, 8, addr, true)
	require.Equal(t, 8, strict.Len())
}

// A thousand nodes of one network get one place in each bucket, and one of an address one.
func TestOneNetwork(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 6))
	table := New(nodeid.Random(random), Config{})
	for i := range 1000 {
		a := netip.AddrPortFrom(netip.AddrFrom4([4]byte{33, 1, 2, byte(i)}), uint16(1000+i))
		table.Answered(start, krpc.Contact{ID: nodeid.Random(random), Addr: a}, 0)
	}
	table.invariants(t)
	require.LessOrEqual(t, table.Len(), len(table.buckets))
	require.LessOrEqual(t, table.Len(), 12)

	// The older node of an address stays while it is good.
	table = New(nodeid.ID{}, Config{})
	first := fill(table, random, 1, func(int) netip.AddrPort { return netip.MustParseAddrPort("33.1.2.3:1") }, false)[0]
	other := krpc.Contact{ID: first.ID.Flip(100), Addr: netip.MustParseAddrPort("33.1.2.3:2")}
	require.False(t, table.Answered(start, other, 0))
	require.True(t, table.Answered(start.Add(time.Hour), other, 0))
	require.Equal(t, 1, table.Len())
	// One that has a new id tells so itself.
	renamed := krpc.Contact{ID: other.ID.Flip(90), Addr: other.Addr}
	require.True(t, table.Answered(start.Add(time.Hour), renamed, 0))
	require.Equal(t, 1, table.Len())
	table.invariants(t)
}

// A hundred nodes of one network do not push out those that wait for a place, also if their ids
// fit. Of one network one waits, and one whose id fits stays.
func TestOneNetworkWaits(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 10))
	table := New(nodeid.ID{}, Config{Plain: true})
	honest := fill(table, random, 15, func(int) netip.AddrPort { return public(random) }, true)
	require.Equal(t, 7, table.Replacements())
	network := func(i int) netip.AddrPort {
		return netip.AddrPortFrom(netip.AddrFrom4([4]byte{133, 1, 2, byte(i)}), 1)
	}
	fitting := fill(table, random, 100, network, true)
	fill(table, random, 100, network, false)
	require.Equal(t, 8, table.Replacements())
	waits := func(c krpc.Contact) bool {
		return slices.ContainsFunc(table.buckets[0].replacements, func(n Node) bool { return n.Contact == c })
	}
	for _, c := range honest[8:] {
		require.True(t, waits(c))
	}
	require.True(t, waits(fitting[99]), "the newest of its network that fits")
	table.invariants(t)
	fill(table, random, 20, local, true)
	require.Equal(t, 8, table.Replacements(), "in local networks each node counts for itself")
	require.False(t, waits(honest[8]))
}

// Buckets that nothing has changed for a quarter of an hour are looked up, each once.
func TestStale(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 7))
	table := New(nodeid.Random(random), Config{Plain: true})
	for i := range 500 {
		table.Answered(start, krpc.Contact{ID: nodeid.Random(random), Addr: local(i)}, 0)
	}
	_, ok := table.Stale(start.Add(14*time.Minute), random)
	require.False(t, ok)
	later := start.Add(16 * time.Minute)
	seen := make(map[int]bool)
	for range len(table.buckets) {
		target, ok := table.Stale(later, random)
		require.True(t, ok)
		seen[table.index(target)] = true
	}
	require.Len(t, seen, len(table.buckets), "an id in each")
	_, ok = table.Stale(later, random)
	require.False(t, ok)
}

// With another id of ours all nodes find new places.
func TestSetSelf(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 8))
	table := New(nodeid.Random(random), Config{})
	for i := range 500 {
		table.Answered(start, krpc.Contact{ID: nodeid.Random(random), Addr: local(i)}, 0)
	}
	before := table.Len()
	table.SetSelf(nodeid.Random(random))
	table.invariants(t)
	require.InDelta(t, before, table.Len(), float64(before)/2)
}

// FuzzTable does anything to a table, whose invariants hold.
func FuzzTable(f *testing.F) {
	f.Add([]byte{0, 1, 1, 0, 2, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 3, 9, 9}, false)
	f.Add([]byte{0, 1, 0, 0, 1, 1, 0, 1, 2, 0, 1, 3, 2, 1, 1, 4, 0, 0, 0, 1, 1}, true)
	f.Fuzz(func(t *testing.T, b []byte, enforce bool) {
		random := rand.New(rand.NewPCG(5, 6))
		table := New(nodeid.Random(random), Config{Plain: true, EnforceIDs: enforce})
		now := start
		for ; len(b) >= 3; b = b[3:] {
			a := netip.AddrPortFrom(netip.AddrFrom4([4]byte{30 + b[0]/64, 1, b[1] % 16, b[2] % 4}), uint16(1+b[0]%8/6))
			id := table.self.Flip(int(b[1]) % 12)
			id[19] = b[2] % 16
			if b[2]&0x80 != 0 {
				id = nodeid.ForAddr(a.Addr(), random)
			}
			c := krpc.Contact{ID: id, Addr: a}
			switch b[0] % 6 {
			case 0, 1:
				table.Answered(now, c, time.Duration(b[2])*time.Millisecond)
			case 2, 3:
				table.Failed(now, c)
			case 4:
				now = now.Add(time.Duration(b[1]) * time.Second)
				table.Asked(now, c)
			case 5:
				table.SetSelf(table.self.Flip(int(b[2]) % 160))
			}
			table.invariants(t)
		}
	})
}
