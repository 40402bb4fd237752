package addressbook

import (
	"fmt"
	"net/netip"
	"testing"
	"time"

	"github.com/shoal-bt/shoal/swarm"
	"github.com/stretchr/testify/require"
)

// checkTellers returns which rule that holds of who named addresses is broken.
func (b *Book) checkTellers() error {
	named, largest, entries := 0, 0, make(map[*teller]int)
	for _, e := range b.order {
		entries[e.teller]++
		if e.teller.isPeer() {
			named++
		}
	}
	for by, t := range b.tellers {
		if t.peer != by || t.entries != entries[t] || t.entries == 0 {
			return fmt.Errorf("%v named %d addresses, and %d are counted", by, entries[t], t.entries)
		}
		if t.isPeer() {
			largest = max(largest, t.entries)
		}
	}
	if len(b.tellers) != len(entries) || named != int(b.named) || named > maxNamed {
		return fmt.Errorf("%d named %d addresses, and %d named %d are counted", len(entries), named, len(b.tellers), b.named)
	}
	if b.sizes != nil && largest != b.sizes.largest {
		return fmt.Errorf("one peer named %d addresses, and %d are counted", largest, b.sizes.largest)
	}
	return nil
}

func numbered(net byte, n int) swarm.Address {
	return swarm.Address{AddrPort: netip.AddrPortFrom(netip.AddrFrom4([4]byte{net, byte(n >> 16), byte(n >> 8), byte(n)}), 6881)}
}

// Peers name at most half of the addresses, and one peer half of these. Sources have room
// for as many as there are, and take that of addresses that peers named.
func TestNamed(t *testing.T) {
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	var b Book
	liar, other := netip.MustParseAddr("2001:db8::1"), netip.MustParseAddr("198.51.100.2")
	for i := range 5000 {
		b.AddNamed(now, numbered(20, i), 1, liar)
		liar = liar.Next() // it has many addresses, of one /64
	}
	require.Equal(t, maxKnown/4, b.Len())
	for i := range 5000 {
		b.AddNamed(now, numbered(30, i), 1, netip.AddrFrom4([4]byte{40, 0, byte(i >> 8), byte(i)}))
	}
	require.Equal(t, maxKnown/2, b.Len())
	b.AddNamed(now, numbered(50, 1), 1, other)
	require.Equal(t, maxNamed, b.Len())
	for i := range maxKnown {
		b.Add(now, numbered(60, i), 1)
	}
	require.Equal(t, maxKnown, b.Len())
	require.Zero(t, b.named, "what a source names takes the place of what peers named")
	require.NoError(t, b.checkTellers())
}

// When peers have named as many as they may, one that named few still has room: those of the
// peer that named most go.
func TestNamedByFewGetRoom(t *testing.T) {
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	var b Book
	liars := [2]netip.Addr{netip.MustParseAddr("198.51.100.1"), netip.MustParseAddr("203.0.113.1")}
	for i := range 5000 {
		b.AddNamed(now, numbered(20, i), 1, liars[i%2])
	}
	require.Equal(t, maxNamed, b.Len())
	honest := netip.MustParseAddr("192.0.2.1")
	for i := range 50 {
		require.True(t, b.AddNamed(now, numbered(30, i), 1, honest))
	}
	require.Equal(t, maxNamed, b.Len())
	require.Equal(t, 50, b.tellers[honest].entries)
	require.NoError(t, b.checkTellers())
	for i := range 2000 {
		b.AddNamed(now, numbered(40, i), 1, honest)
	}
	require.InDelta(t, maxNamed/3, b.tellers[honest].entries, 1, "it gets no more than others have")
	require.Equal(t, maxNamed, b.Len())
	require.NoError(t, b.checkTellers())
}

// However many peers name a victim, with whatever ports and however often: it is dialed a few
// times an hour. A source that names it is believed.
func TestVictimThatPeersName(t *testing.T) {
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	now := start
	var b Book
	victim := netip.MustParseAddr("203.0.113.1")
	dials := 0
	for port := uint16(1); now.Sub(start) < 6*time.Hour; port++ {
		for i := range 100 {
			b.AddNamed(now, swarm.Address{AddrPort: netip.AddrPortFrom(victim, port)}, 1, numbered(40, i).Addr())
		}
		require.LessOrEqual(t, b.Len(), 1)
		for addr, _, ok := b.Next(now, false); ok; addr, _, ok = b.Next(now, false) {
			b.Ended(now, addr, Failed)
			dials++
		}
		now = now.Add(time.Second)
	}
	require.LessOrEqual(t, dials, 5*(maxFailures+1))
	require.False(t, b.AddNamed(now, swarm.Address{AddrPort: netip.AddrPortFrom(victim, 7)}, 1, numbered(40, 1).Addr()))
	b.Add(now, swarm.Address{AddrPort: netip.AddrPortFrom(victim, 7)}, 1)
	require.NotZero(t, b.Len())
}

// What was tried is bounded, and forgotten after an hour.
func TestTriedIsBounded(t *testing.T) {
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	var all tried
	for i := range 2 * maxTried {
		all.add(now, numbered(20, i).Addr())
		all.add(now, numbered(20, i).Addr())
	}
	require.Len(t, all.last, maxTried)
	require.Len(t, all.order, maxTried)
	require.False(t, all.has(now, numbered(20, 1).Addr()))
	now = now.Add(triedTime)
	require.False(t, all.has(now, numbered(20, 2*maxTried-1).Addr()))
	all.add(now, numbered(20, 1).Addr())
	require.Len(t, all.last, 1)
	require.Len(t, all.order, 1)
}

// Addresses that no peer may name.
func TestNotNamed(t *testing.T) {
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	peer := netip.MustParseAddr("198.51.100.1")
	var b Book
	b.SetOwn(numbered(20, 1).AddrPort)
	b.Ban(numbered(20, 2).Addr(), true)
	b.Add(now, numbered(20, 3), 1)
	otherPort := swarm.Address{AddrPort: netip.AddrPortFrom(numbered(20, 3).Addr(), 1)}
	for _, a := range []swarm.Address{numbered(20, 1), numbered(20, 2), otherPort, numbered(224, 1), {}} {
		require.False(t, b.AddNamed(now, a, 1, peer), a)
	}
	require.True(t, b.AddNamed(now, numbered(20, 3), 1, peer), "it is known")
	require.True(t, b.AddNamed(now, numbered(20, 4), 1, peer))
	require.Equal(t, 2, b.Len())
}

// The addresses of each who named some take turns.
func TestTellersTakeTurns(t *testing.T) {
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	var b Book
	for i := range 100 {
		b.AddNamed(now, numbered(20, i), 1, netip.MustParseAddr("198.51.100.1"))
	}
	for i := range 3 {
		b.AddNamed(now, numbered(30, i), 1, netip.MustParseAddr("198.51.100.2"))
		b.Add(now, numbered(40, i), 1)
	}
	counts := make(map[byte]int)
	for range 9 {
		addr, _, ok := b.Next(now, false)
		require.True(t, ok)
		counts[addr.Addr().As4()[0]]++
	}
	require.Equal(t, map[byte]int{20: 3, 30: 3, 40: 3}, counts)
}

// What a peer says of an address that is known changes nothing, and what a source says
// replaces what a peer said.
func TestNamedTwice(t *testing.T) {
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	var b Book
	peer := netip.MustParseAddr("198.51.100.1")
	seed := func(a swarm.Address) swarm.Address {
		a.Flags = swarm.Seed
		return a
	}
	b.Add(now, numbered(20, 1), 1)
	b.AddNamed(now, seed(numbered(20, 1)), 1, peer)
	b.AddNamed(now, seed(numbered(20, 2)), 1, peer)
	require.EqualValues(t, 1, b.named)
	_, _, ok := b.Next(now, true)
	require.True(t, ok, "a peer does not keep a seed from dialing it")
	_, _, ok = b.Next(now, true)
	require.False(t, ok)
	b.Add(now, numbered(20, 2), 1)
	require.Zero(t, b.named)
	_, _, ok = b.Next(now, true)
	require.True(t, ok)
	require.NoError(t, b.checkTellers())
}

// A peer names nobody who is more local than itself.
func TestNamedByAPeerFarAway(t *testing.T) {
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for _, test := range []struct {
		by, named string
		taken     bool
	}{
		{"198.51.100.1", "20.0.0.1:1", true},
		{"198.51.100.1", "192.168.0.1:1", false},
		{"198.51.100.1", "[::ffff:127.0.0.1]:1", false},
		{"192.168.0.9", "192.168.0.1:1", true},
		{"192.168.0.9", "127.0.0.1:1", false},
		{"127.0.0.1", "127.0.0.2:1", true},
	} {
		var b Book
		a := swarm.Address{AddrPort: netip.MustParseAddrPort(test.named)}
		require.Equal(t, test.taken, b.AddNamed(now, a, 1, netip.MustParseAddr(test.by)), "%s named %s", test.by, test.named)
	}
}
