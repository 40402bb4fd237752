package nodeid_test

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"testing"

	"github.com/shoal-bt/shoal/dht/nodeid"
	"github.com/stretchr/testify/require"
)

func id(t *testing.T, s string) nodeid.ID {
	i, err := nodeid.Parse(s)
	require.NoError(t, err)
	return i
}

// A node of a public address may have only some ids.
func Example() {
	a := netip.MustParseAddr("124.31.75.21")
	good, _ := nodeid.Parse("5fbfbff10c5d6a4ec8a88e4c6ab4c28b95eee401")
	bad, _ := nodeid.Parse("ffffffff0c5d6a4ec8a88e4c6ab4c28b95eee401")
	fmt.Println(nodeid.Fits(good, a), nodeid.Fits(bad, a), nodeid.Fits(bad, netip.MustParseAddr("10.0.0.1")))
	// Output: true false true
}

// The vectors of BEP 42.
func TestVectors(t *testing.T) {
	for _, v := range []struct{ addr, id string }{
		{"124.31.75.21", "5fbfbff10c5d6a4ec8a88e4c6ab4c28b95eee401"},
		{"21.75.31.124", "5a3ce9c14e7a08645677bbd1cfe7d8f956d53256"},
		{"65.23.51.170", "a5d43220bc8f112a3d426c84764f8c2a1150e616"},
		{"84.124.73.14", "1b0321dd1bb1fe518101ceef99462b947a01ff41"},
		{"43.213.53.83", "e56f6cbf5b7c4be0237986d5243b87aa6d51305a"},
	} {
		a := netip.MustParseAddr(v.addr)
		good := id(t, v.id)
		require.True(t, nodeid.Fits(good, a), v.addr)
		require.True(t, nodeid.Fits(good, netip.AddrFrom16(a.As16())), "an IPv4 address in IPv6")
		for i := range 21 {
			require.False(t, nodeid.Fits(good.Flip(i), a), "bit %d matters", i)
		}
		for i := 21; i < 152; i++ {
			require.True(t, nodeid.Fits(good.Flip(i), a), "bit %d does not matter", i)
		}
	}
}

func TestForAddr(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	seen := make(map[nodeid.ID]bool)
	for range 100 {
		for _, s := range []string{"1.2.3.4", "255.255.255.255", "2001:db8:1:2::5", "2a00::"} {
			a := netip.MustParseAddr(s)
			i := nodeid.ForAddr(a, random)
			require.True(t, nodeid.Fits(i, a), s)
			require.False(t, seen[i])
			seen[i] = true
		}
	}
	// An id of IPv6 depends on the /64 alone.
	i := nodeid.ForAddr(netip.MustParseAddr("2001:db8:1:2::5"), random)
	require.True(t, nodeid.Fits(i, netip.MustParseAddr("2001:db8:1:2:ffff::1")))
}

func TestExempt(t *testing.T) {
	for s, want := range map[string]bool{
		"10.1.2.3": true, "172.16.0.1": true, "172.32.0.1": false, "192.168.1.1": true, "169.254.1.1": true,
		"127.0.0.1": true, "8.8.8.8": false, "::1": true, "fe80::1": true, "fd00::1": true, "2001:db8::1": false,
		"::ffff:10.0.0.1": true,
	} {
		require.Equal(t, want, nodeid.Exempt(netip.MustParseAddr(s)), s)
	}
}

func TestDistance(t *testing.T) {
	a, b := id(t, "8000000000000000000000000000000000000000"), id(t, "0100000000000000000000000000000000000001")
	require.Equal(t, id(t, "8100000000000000000000000000000000000001"), nodeid.Distance(a, b))
	require.Zero(t, nodeid.CommonBits(a, b))
	require.Equal(t, 7, nodeid.CommonBits(nodeid.ID{}, b))
	require.Equal(t, nodeid.Bits, nodeid.CommonBits(b, b))
	require.Negative(t, nodeid.Compare(nodeid.ID{}, b, a))
	require.Positive(t, nodeid.Compare(a, b, a))
	require.Zero(t, nodeid.Compare(a, b, b))
	require.True(t, a.Bit(0))
	require.False(t, a.Bit(1))
	require.True(t, b.Less(a))
	require.False(t, a.Less(a))
	all := id(t, "ffffffffffffffffffffffffffffffffffffffff")
	require.Equal(t, id(t, "ffe0000000000000000000000000000000000000"), nodeid.ID{}.WithPrefix(all, 11))
	require.Equal(t, all, nodeid.ID{}.WithPrefix(all, 160))
	require.Equal(t, nodeid.ID{}, nodeid.ID{}.WithPrefix(all, 0))
}

func TestParse(t *testing.T) {
	for _, s := range []string{"", "00", "zz00000000000000000000000000000000000000", "000000000000000000000000000000000000000000"} {
		_, err := nodeid.Parse(s)
		require.Error(t, err, s)
	}
	require.Equal(t, "8000000000000000000000000000000000000000", id(t, "8000000000000000000000000000000000000000").String())
}
