package ownaddress_test

import (
	"fmt"
	"net/netip"
	"testing"

	"github.com/shoal-bt/shoal/protocol/ownaddress"
	"github.com/stretchr/testify/require"
)

var addr = netip.MustParseAddr

// Two peers and a tracker say by which address they see us. One of them lies.
func Example() {
	var v ownaddress.Votes
	v.Add(addr("198.51.100.1"), addr("203.0.113.7"))
	fmt.Println("one vote:", v.Of(addr("192.0.2.1")).IsValid())
	v.Add(addr("192.0.2.9"), addr("8.8.8.8"))
	v.Add(addr("192.0.9.9"), addr("203.0.113.7"))
	fmt.Println("three votes:", v.Of(addr("192.0.2.1")))
	// Output:
	// one vote: false
	// three votes: 203.0.113.7
}

// TestANetworkHasOneVote: many addresses of one network cannot make an address win.
func TestANetworkHasOneVote(t *testing.T) {
	var v ownaddress.Votes
	require.False(t, v.Add(addr("198.51.100.1"), addr("203.0.113.7")))
	require.True(t, v.Add(addr("198.51.101.1"), addr("203.0.113.7")))
	for i := range 200 {
		v.Add(netip.AddrFrom4([4]byte{192, 0, 2, byte(i)}), addr("8.8.8.8"))
		v.Add(netip.AddrFrom16([16]byte{0x20, 1, 15: byte(i)}), addr("8.8.8.8"))
	}
	require.Equal(t, addr("203.0.113.7"), v.Of(addr("1.1.1.1")), "two votes each; it was first")
	require.True(t, v.Add(addr("::ffff:198.51.100.200"), addr("::ffff:8.8.8.8")), "a network may change its vote")
	require.Equal(t, addr("8.8.8.8"), v.Of(addr("::ffff:1.1.1.1")))
}

// TestFamiliesAreCountedApart: an IPv6 peer may say what our IPv4 address is.
func TestFamiliesAreCountedApart(t *testing.T) {
	var v ownaddress.Votes
	for i := range byte(3) {
		v.Add(netip.AddrFrom16([16]byte{0x20, 1, 7: i}), addr("203.0.113.7"))
		v.Add(netip.AddrFrom4([4]byte{198, 51, i, 1}), addr("2001:db8::1"))
	}
	require.Equal(t, addr("203.0.113.7"), v.Of(addr("1.1.1.1")))
	require.Equal(t, addr("2001:db8::1"), v.Of(addr("2001::2")))
}

// TestWhatDoesNotCount: addresses that are not on the Internet, ours and the voter's.
func TestWhatDoesNotCount(t *testing.T) {
	var v ownaddress.Votes
	for _, a := range []string{"10.0.0.1", "127.0.0.1", "0.0.0.0", "169.254.1.1", "224.0.0.1", "::1", "fe80::1", "fd00::1", "::"} {
		for i := range byte(4) {
			require.False(t, v.Add(netip.AddrFrom4([4]byte{198, 51, i, 1}), addr(a)), a)
			require.False(t, v.Add(addr(a), addr("203.0.113.7")), a)
		}
	}
	require.False(t, v.Add(netip.Addr{}, netip.Addr{}))
	for range 3 {
		require.False(t, v.Add(netip.Addr{}, addr("203.0.113.7")), "all trackers have one vote")
	}
	require.False(t, v.Of(addr("1.1.1.1")).IsValid())
	require.True(t, v.Add(addr("198.51.100.1"), addr("203.0.113.7")))
}

// TestOldVotesAreForgotten: our address may change, and memory is bounded.
func TestOldVotesAreForgotten(t *testing.T) {
	var v ownaddress.Votes
	vote := func(i int, a string) {
		v.Add(netip.AddrFrom4([4]byte{198, byte(i >> 8), byte(i), 1}), addr(a))
	}
	for i := range 100 {
		vote(i, "203.0.113.7")
	}
	for i := range 49 {
		vote(1000+i, "203.0.113.8")
	}
	require.Equal(t, addr("203.0.113.7"), v.Of(addr("1.1.1.1")))
	vote(1100, "203.0.113.8")
	vote(1101, "203.0.113.8")
	require.Equal(t, addr("203.0.113.8"), v.Of(addr("1.1.1.1")))
}

func FuzzVotes(f *testing.F) {
	f.Add([]byte("0123456789abcdefghijklmnopqrstuvwxyz"))
	f.Fuzz(func(t *testing.T, data []byte) {
		var v ownaddress.Votes
		for len(data) >= 8 {
			voter := netip.AddrFrom4([4]byte(data[:4]))
			v.Add(voter, netip.AddrFrom4([4]byte{203, 0, 113, data[5] & 3}))
			a := v.Of(voter)
			require.True(t, !a.IsValid() || a.Is4())
			data = data[6:]
		}
	})
}
