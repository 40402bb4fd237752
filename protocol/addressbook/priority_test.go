package addressbook

import (
	"net/netip"
	"testing"
	"time"

	"github.com/shoal-bt/shoal/swarm"
	"github.com/stretchr/testify/require"
)

// TestPriority: the examples of BEP 40, and what it says of addresses that are near each
// other.
func TestPriority(t *testing.T) {
	at := netip.MustParseAddrPort
	require.Equal(t, uint32(0xec2d7224), Priority(at("123.213.32.10:1"), at("98.76.54.32:2")))
	require.Equal(t, uint32(0x99568189), Priority(at("123.213.32.10:1"), at("123.213.32.234:2")))
	for _, test := range []struct {
		name, a, b string
		x, y       []byte // what counts of them
	}{
		{"far", "1.2.255.255:1", "3.4.0.255:1", []byte{1, 2, 0x55, 0x55}, []byte{3, 4, 0, 0x55}},
		{"the same /16", "1.2.255.255:1", "1.2.0.255:1", []byte{1, 2, 0, 0x55}, []byte{1, 2, 255, 0x55}},
		{"the same /24", "1.2.3.255:1", "1.2.3.254:1", []byte{1, 2, 3, 254}, []byte{1, 2, 3, 255}},
		{"the same address", "1.2.3.4:256", "1.2.3.4:2", []byte{0, 2}, []byte{1, 0}},
		{"IPv6", "[2001:db8:1:ffff::ff]:1", "[2001:db8:2:ffff::ff]:1",
			[]byte{0x20, 1, 0xd, 0xb8, 0, 1, 0x55, 0x55, 15: 0x55}, []byte{0x20, 1, 0xd, 0xb8, 0, 2, 0x55, 0x55, 15: 0x55}},
		{"the same /48", "[2001:db8:1:feff::]:1", "[2001:db8:1:ffff::]:1",
			[]byte{0x20, 1, 0xd, 0xb8, 0, 1, 0xfe, 0x55, 15: 0}, []byte{0x20, 1, 0xd, 0xb8, 0, 1, 0xff, 0x55, 15: 0}},
		{"the same /56", "[2001:db8:1:ffff::]:1", "[2001:db8:1:fffe::]:1",
			[]byte{0x20, 1, 0xd, 0xb8, 0, 1, 0xff, 0xfe, 15: 0}, []byte{0x20, 1, 0xd, 0xb8, 0, 1, 0xff, 0xff, 15: 0}},
	} {
		t.Run(test.name, func(t *testing.T) {
			a, b := at(test.a), at(test.b)
			require.Equal(t, checksum(test.x, test.y), Priority(a, b))
			require.Equal(t, Priority(a, b), Priority(b, a))
		})
	}
	mapped := at("[::ffff:98.76.54.32]:2")
	require.Equal(t, uint32(0xec2d7224), Priority(at("123.213.32.10:1"), mapped))
	require.Zero(t, Priority(at("123.213.32.10:1"), at("[2001:db8::1]:1")))
	require.Zero(t, Priority(netip.AddrPort{}, at("1.2.3.4:1")))
	require.Zero(t, Priority(netip.AddrPort{}, netip.AddrPort{}))
}

// TestHighPriorityIsDialedFirst: among equal addresses, whether they came before our own
// address was known or after. A failure counts more.
func TestHighPriorityIsDialedFirst(t *testing.T) {
	now := time.Unix(1e9, 0)
	own := netip.MustParseAddrPort("123.213.32.10:6881")
	var b Book
	var addrs []netip.AddrPort
	for i := range byte(20) {
		a := netip.AddrPortFrom(netip.AddrFrom4([4]byte{98, 76 + i, 54, 32}), 6881)
		addrs = append(addrs, a)
	}
	for i, a := range addrs {
		if i == 10 {
			b.SetOwn(own)
		}
		require.Equal(t, i >= 10, b.Priority(a) != 0)
		b.Add(now, swarm.Address{AddrPort: a}, 1)
	}
	last := uint32(1<<32 - 1)
	first := netip.AddrPort{}
	for range addrs {
		a, _, ok := b.Next(now, false)
		require.True(t, ok)
		require.LessOrEqual(t, Priority(own, a), last)
		last = Priority(own, a)
		if !first.IsValid() {
			first = a
		}
		b.Ended(now, a, Failed)
	}
	b.SetOwn(own)
	now = now.Add(time.Hour)
	a, _, _ := b.Next(now, false)
	require.Equal(t, first, a)
	b.Ended(now, a, Failed)
	a, _, _ = b.Next(now.Add(time.Hour), false)
	require.NotEqual(t, first, a)
	b.SetOwn(netip.MustParseAddrPort("[2001:db8::1]:6881"))
	require.NotZero(t, b.Priority(addrs[0]), "the families are apart")
}
