package addressbook

import (
	"net/netip"
	"testing"
	"time"

	"github.com/shoal-bt/shoal/swarm"
	"github.com/stretchr/testify/require"
)

// Bans of peers are bounded, and do not push out those of users.
func TestBansAreBounded(t *testing.T) {
	var b Book
	user := netip.MustParseAddr("10.9.9.9")
	b.Ban(user, true)
	addr := func(i int) netip.Addr { return netip.AddrFrom4([4]byte{10, 1, byte(i >> 8), byte(i)}) }
	for i := range maxBans + 10 {
		require.True(t, b.Ban(addr(i), false))
		require.False(t, b.Ban(addr(i), false))
	}
	require.Len(t, b.bans.byUs, maxBans)
	require.Len(t, b.bans.byUsAll, maxBans)
	require.True(t, b.Banned(user))
	require.False(t, b.Banned(addr(9)))
	require.True(t, b.Banned(addr(10)))
	require.True(t, b.Banned(addr(maxBans+9)))
}

func TestRefusalsAreBounded(t *testing.T) {
	var b Book
	now := time.Unix(1e9, 0)
	addr := func(i int) netip.Addr { return netip.AddrFrom4([4]byte{10, 1, byte(i >> 8), byte(i)}) }
	for i := range maxRefusals + 10 {
		b.Refuse(now, addr(i))
	}
	require.Len(t, b.refusals.all, maxRefusals)
	require.Len(t, b.refusals.order, maxRefusals)
	require.True(t, b.Refused(now, addr(maxRefusals+9)))
	b.Refuse(now.Add(2*time.Hour), addr(0))
	require.Len(t, b.refusals.all, 1, "old ones are forgotten")
}

// A peer that lied does not return with another address of its /64. On a local network many
// users share one, and a user names the addresses that are meant.
func TestBanOfIPv6Network(t *testing.T) {
	ip := netip.MustParseAddr
	var b Book
	now := time.Unix(1e9, 0)
	for _, a := range []string{"[2001:db8::2]:1", "[2001:db8:0:1::2]:1", "[fd00::2]:1"} {
		b.Add(now, swarm.Address{AddrPort: netip.MustParseAddrPort(a)}, 1)
	}
	b.Ban(ip("2001:db8::1"), false)
	b.Ban(ip("fd00::1"), false)
	b.Ban(ip("2001:db8:0:2::1"), true)
	require.Equal(t, 2, b.Len())
	for addr, want := range map[string]bool{
		"2001:db8::1": true, "2001:db8::ffff": true, "2001:db8:0:1::1": false,
		"fd00::1": true, "fd00::2": false,
		"2001:db8:0:2::1": true, "2001:db8:0:2::2": false,
	} {
		require.Equal(t, want, b.Banned(ip(addr)), addr)
	}
	require.False(t, b.Ban(ip("2001:db8::3"), false), "it is banned already")
}

// A long refusal is that long at least, but not for a local address, which many may share.
func TestRefuseLong(t *testing.T) {
	var b Book
	now := time.Unix(1e9, 0)
	public, local := netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("10.0.0.1")
	b.RefuseLong(now, public, time.Hour)
	b.RefuseLong(now, local, time.Hour)
	require.True(t, b.Refused(now.Add(time.Hour-1), public))
	require.False(t, b.Refused(now.Add(time.Hour), public))
	require.True(t, b.Refused(now.Add(localRefusal-1), local))
	require.False(t, b.Refused(now.Add(localRefusal), local))
}
