package storage

import (
	"crypto/ed25519"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"runtime"
	"testing"
	"time"

	"github.com/shoal-bt/shoal/dht/item"
	"github.com/shoal-bt/shoal/dht/krpc"
	"github.com/shoal-bt/shoal/dht/nodeid"
	"github.com/stretchr/testify/require"
)

var start = time.Unix(1_000_000_200, 0) // a period of tokens begins

func addr(i int) netip.AddrPort {
	var b [4]byte
	binary.BigEndian.PutUint32(b[:], uint32(20<<24+i))
	return netip.AddrPortFrom(netip.AddrFrom4(b), 6881)
}

// Two peers announce themselves, and one of them again with another port.
func ExamplePeers() {
	var p Peers
	now := time.Unix(1e9, 0)
	p.Add(now, nodeid.ID{}, nodeid.ID{1}, netip.MustParseAddrPort("192.0.2.1:1"), false)
	p.Add(now, nodeid.ID{}, nodeid.ID{1}, netip.MustParseAddrPort("192.0.2.2:2"), true)
	p.Add(now, nodeid.ID{}, nodeid.ID{1}, netip.MustParseAddrPort("192.0.2.1:1"), false) // again
	peers, swarms := p.Len()
	fmt.Println(peers, swarms, p.Get(nil, nodeid.ID{1}, 1, true, rand.New(rand.NewPCG(1, 1))))
	// Output: 2 1 [192.0.2.1:1]
}

// A token is valid for its address alone, for 5 to 10 minutes.
func TestTokens(t *testing.T) {
	tokens := Tokens{Secret: [32]byte{1}}
	a, other := netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("192.0.2.2")
	require.Zero(t, start.Unix()%300)
	for _, made := range []time.Duration{0, 299 * time.Second} {
		token := tokens.For(start.Add(made), a)
		require.True(t, tokens.Valid(start.Add(made), token[:], a))
		require.False(t, tokens.Valid(start.Add(made), token[:], other))
		require.True(t, tokens.Valid(start.Add(made+5*time.Minute), token[:], a))
		require.False(t, tokens.Valid(start.Add(10*time.Minute), token[:], a))
	}
	token := tokens.For(start, a)
	stranger := Tokens{Secret: [32]byte{2}}
	require.False(t, stranger.Valid(start, token[:], a))
	for _, b := range [][]byte{nil, token[:7], append(token[:], 0), make([]byte, 8), make([]byte, 1000)} {
		require.False(t, tokens.Valid(start, b, a))
	}
}

func TestPeersExpire(t *testing.T) {
	var p Peers
	hash := nodeid.ID{1}
	for i := range 3 {
		require.NoError(t, p.Add(start.Add(time.Duration(i)*10*time.Minute), nodeid.ID{}, hash, addr(i), false))
	}
	require.NoError(t, p.Add(start.Add(25*time.Minute), nodeid.ID{}, hash, addr(0), false))
	p.Expire(start.Add(29 * time.Minute))
	n, _ := p.Len()
	require.Equal(t, 3, n)
	p.Expire(start.Add(45 * time.Minute))
	require.Len(t, p.Get(nil, hash, 10, false, rand.New(rand.NewPCG(1, 1))), 2)
	p.Expire(start.Add(55 * time.Minute))
	n, swarms := p.Len()
	require.Zero(t, n+swarms)
	require.Empty(t, p.holders)
}

// One address gets its share, and no more; swarms that are far from us go first.
func TestPeersAreBounded(t *testing.T) {
	var p Peers
	random := rand.New(rand.NewPCG(1, 2))
	full := 0
	for range 1000 {
		if p.Add(start, nodeid.ID{}, nodeid.Random(random), addr(1), false) != nil {
			full++
		}
	}
	require.Equal(t, 800, full)
	for i := range 300 {
		a := netip.AddrPortFrom(netip.AddrFrom16([16]byte{0: 0x20, 15: byte(i), 14: byte(i >> 8)}), 1)
		p.Add(start, nodeid.ID{}, nodeid.Random(random), a, false)
	}
	n, _ := p.Len()
	require.Equal(t, 400, n, "a /64 is one")

	p = Peers{}
	for i := range 3000 {
		require.NoError(t, p.Add(start, nodeid.ID{}, nodeid.ID{1}, addr(i), false))
	}
	require.True(t, p.Full(nodeid.ID{1}))
	n, _ = p.Len()
	require.Equal(t, maxOfSwarm, n)
	for i := 3000; i < maxSwarms+6_000; i++ {
		hash := nodeid.Random(random)
		hash[0] |= 0x80
		p.Add(start, nodeid.ID{}, hash, addr(i), false)
	}
	n, swarms := p.Len()
	require.InDelta(t, maxSwarms, swarms, maxSwarms/roomShare)
	require.Less(t, n, maxPeers)
	half := farthestFirst(nodeid.ID{}, p.swarms)[maxSwarms/2]
	require.Less(t, half[0], byte(0xbc), "the farthest were dropped")
	require.True(t, p.Full(nodeid.ID{1}), "and the near ones stay")
}

// Who has a /64 is a swarm's peer a few times, and does not push the others out.
func TestPeersOfOneNetwork(t *testing.T) {
	var p Peers
	hash := nodeid.ID{1}
	for i := range maxOfSwarm - maxInSwarm {
		require.NoError(t, p.Add(start, nodeid.ID{}, hash, addr(i), false))
	}
	own := func(i int) netip.AddrPort {
		return netip.AddrPortFrom(netip.AddrFrom16([16]byte{0: 0x20, 14: byte(i >> 8), 15: byte(i)}), 1)
	}
	for i := range 300 {
		require.NoError(t, p.Add(start, nodeid.ID{}, hash, own(i), false))
	}
	all := p.Get(nil, hash, maxOfSwarm, false, rand.New(rand.NewPCG(1, 1)))
	require.Len(t, all, maxOfSwarm)
	require.Subset(t, all, []netip.AddrPort{addr(0), own(299), own(292)}, "the oldest of its own went")
	require.Equal(t, maxInSwarm, p.holders[holderOf(own(0).Addr())])
	p.Expire(start.Add(peersFor))
	require.Zero(t, p.total)
	require.Empty(t, p.holders)
}

// Peers behind one address do not replace one another, up to a few.
func TestPeersOfOneAddress(t *testing.T) {
	var p Peers
	hash := nodeid.ID{1}
	for port := range 2 * maxInSwarm {
		a := netip.AddrPortFrom(netip.MustParseAddr("192.0.2.1"), uint16(1+port))
		require.NoError(t, p.Add(start, nodeid.ID{}, hash, a, false))
		require.Equal(t, min(port+1, maxInSwarm), p.total)
	}
}

func TestGet(t *testing.T) {
	var p Peers
	random := rand.New(rand.NewPCG(1, 3))
	hash := nodeid.ID{1}
	require.Empty(t, p.Get(nil, hash, 5, false, random))
	for i := range 20 {
		p.Add(start, nodeid.ID{}, hash, addr(i), i%2 == 0)
	}
	require.Len(t, p.Get(nil, hash, 100, false, random), 20)
	require.Len(t, p.Get(nil, hash, 7, false, random), 7)
	require.Empty(t, p.Get(nil, hash, -1, false, random))
	for _, a := range p.Get(nil, hash, 10, true, random) {
		require.NotZero(t, a.Addr().As4()[3]%2, "no seeds")
	}
	require.Len(t, p.Get(nil, hash, 15, true, random), 15, "some seeds after all")
	seeds, peers := p.Filters(start, hash)
	require.InDelta(t, 10, seeds.Estimate(), 1)
	require.InDelta(t, 10, peers.Estimate(), 1)
	seeds, _ = p.Filters(start, nodeid.ID{2})
	require.Nil(t, seeds)
}

// A large swarm is counted now and then, however often somebody asks.
func TestFilters(t *testing.T) {
	var p Peers
	few, many := nodeid.ID{1}, nodeid.ID{2}
	for i := range manyPeers {
		p.Add(start, nodeid.ID{}, many, addr(i), false)
	}
	p.Add(start, nodeid.ID{}, few, addr(0), true)
	estimate := func(after time.Duration, hash nodeid.ID) (int, int) {
		seeds, others := p.Filters(start.Add(after), hash)
		return int(seeds.Estimate() + 0.5), int(others.Estimate() + 0.5)
	}
	_, before := estimate(0, many)
	require.Zero(t, testing.AllocsPerRun(10, func() { p.Filters(start, many) }), "it is not counted again")
	for i := range 30 {
		p.Add(start, nodeid.ID{}, many, addr(100+i), false)
		p.Add(start, nodeid.ID{}, few, addr(100+i), true)
	}
	_, n := estimate(countEvery-1, many)
	require.Equal(t, before, n)
	_, n = estimate(countEvery, many)
	require.InDelta(t, before+30, n, 3)
	n, _ = estimate(0, few)
	require.InDelta(t, 31, n, 2, "a small one is counted at once")
	require.Len(t, p.counts, 1)
	p.Expire(start.Add(peersFor))
	require.Empty(t, p.counts)
}

func TestSample(t *testing.T) {
	var p Peers
	random := rand.New(rand.NewPCG(1, 4))
	samples, n := p.Sample(start, random)
	require.NotNil(t, samples)
	require.Zero(t, n)
	for i := range 50 {
		p.Add(start, nodeid.ID{}, nodeid.Random(random), addr(i), false)
	}
	samples, n = p.Sample(start, random)
	require.Len(t, samples, 400)
	require.Equal(t, 50, n)
	again, _ := p.Sample(start.Add(14*time.Minute), random)
	require.Equal(t, samples, again)
	other, _ := p.Sample(start.Add(16*time.Minute), random)
	require.NotEqual(t, samples, other)
}

func code(err error) int {
	e, ok := err.(*krpc.Error)
	if !ok {
		return 0
	}
	return e.Code
}

// Which item replaces another: BEP 44's rules of seq and cas.
func TestItems(t *testing.T) {
	var s Items
	private := ed25519.NewKeyFromSeed(make([]byte, 32))
	from := addr(1).Addr()
	put := func(seq int64, value string, cas ...int64) error {
		i, err := item.Sign(private, []byte("s"), seq, []byte(value))
		require.NoError(t, err)
		var c *int64
		if len(cas) > 0 {
			c = &cas[0]
		}
		return s.Put(start, nodeid.ID{}, i, c, from)
	}
	target := item.MutableTarget(private.Public().(ed25519.PublicKey), []byte("s"))
	require.NoError(t, put(5, "1:a", 99), "cas means nothing if nothing is there")
	require.Equal(t, krpc.SeqTooLow, code(put(4, "1:a")))
	require.Equal(t, krpc.SeqTooLow, code(put(5, "1:b")))
	require.NoError(t, put(5, "1:a"))
	require.Equal(t, krpc.CasMismatch, code(put(6, "1:b", 4)))
	require.NoError(t, put(6, "1:b", 5))
	got, ok := s.Get(target)
	require.True(t, ok)
	require.Equal(t, "1:b", string(got.Value))
	require.NoError(t, got.Check())
	s.Expire(start.Add(119 * time.Minute))
	require.Equal(t, 1, s.Len())
	s.Expire(start.Add(120 * time.Minute))
	require.Zero(t, s.Len())
	require.Empty(t, s.holders)
}

func TestItemsAreBounded(t *testing.T) {
	var s Items
	value := func(i int) item.Item { return item.Item{Value: fmt.Appendf(nil, "i%de", i)} }
	refused := 0
	for i := range 100 {
		if code(s.Put(start, nodeid.ID{}, value(i), nil, addr(1).Addr())) == krpc.ServerError {
			refused++
		}
	}
	require.Equal(t, 50, refused)
	for i := 100; i < 5000; i++ {
		s.Put(start, nodeid.ID{}, value(i), nil, addr(i).Addr())
	}
	require.InDelta(t, maxItems, s.Len(), maxItems/roomShare)
}

// If there is no room, the items go that are farthest from our id.
func TestFarItemsGoFirst(t *testing.T) {
	var s Items
	self := nodeid.ID{0x80}
	for i := range maxItems + 1 {
		require.NoError(t, s.Put(start, self, item.Item{Value: fmt.Appendf(nil, "i%de", i)}, nil, addr(i).Addr()))
	}
	require.Len(t, s.all, maxItems-maxItems/roomShare+1)
	far := 0
	for target := range s.all {
		if nodeid.CommonBits(self, target) == 0 {
			far++
		}
	}
	require.InDelta(t, maxItems/2-maxItems/roomShare, far, 100, "those went that have no bit in common")
	nearest := farthestFirst(self, s.all)
	require.Less(t, nearest[0][0], byte(0x7f), "the farthest of all are not there")
}

// Stores that strangers have filled, from many addresses and with the longest items, take
// little memory.
func TestFilledStores(t *testing.T) {
	heap := func() int64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return int64(m.HeapAlloc)
	}
	before := heap()
	var p Peers
	var s Items
	random := rand.New(rand.NewPCG(1, 5))
	swarms := make([]nodeid.ID, maxSwarms)
	for i := range swarms {
		swarms[i] = nodeid.Random(random)
	}
	long := make([]byte, 996)
	for i := range 2 * maxPeers {
		p.Add(start, nodeid.ID{}, swarms[i%maxSwarms], addr(i), false)
	}
	for i := range 2 * maxItems {
		binary.BigEndian.PutUint32(long, uint32(i))
		s.Put(start, nodeid.ID{}, item.Item{Value: append([]byte("996:"), long...)}, nil, addr(i).Addr())
	}
	peers, _ := p.Len()
	require.InDelta(t, maxPeers, peers, maxPeers/roomShare)
	require.InDelta(t, maxItems, s.Len(), maxItems/roomShare)
	swarms = nil
	require.Less(t, heap()-before, int64(32<<20))
	t.Log(heap()-before, "bytes")
	runtime.KeepAlive(&p)
	runtime.KeepAlive(&s)
}
