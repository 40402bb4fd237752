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
	named, entries := 0, make(map[*teller]int)
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
	}
	if len(b.tellers) != len(entries) || named != b.named || named > maxNamed {
		return fmt.Errorf("%d named %d addresses, and %d named %d are counted", len(entries), named, len(b.tellers), b.named)
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
	require.Equal(t, maxNamedBy, b.Len())
	for i := range 5000 {
		b.AddNamed(now, numbered(30, i), 1, netip.AddrFrom4([4]byte{40, 0, byte(i >> 8), byte(i)}))
	}
	require.Equal(t, maxNamed, b.Len())
	b.AddNamed(now, numbered(50, 1), 1, other)
	require.Equal(t, maxNamed, b.Len())
	for i := range maxKnown {
		b.Add(now, numbered(60, i), 1)
	}
	require.Equal(t, maxKnown, b.Len())
	require.Zero(t, b.named, "what a source names takes the place of what peers named")
	require.NoError(t, b.checkTellers())
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
	require.Equal(t, 1, b.named)
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
