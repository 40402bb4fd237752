package places

import (
	"net/netip"
	"testing"

	"github.com/stretchr/testify/require"
)

func addr(s string) netip.Addr { return netip.MustParseAddr(s) }

func TestDefaults(t *testing.T) {
	for _, test := range []struct{ set, want Limits }{
		{Limits{Total: 80}, Limits{Total: 80, PerAddr: 5, PerNetwork: 20, Outgoing: 20}},
		{Limits{Total: 3}, Limits{Total: 3, PerAddr: 2, PerNetwork: 4}},
		{Limits{Total: -1}, Limits{Total: -1, PerAddr: -1, PerNetwork: -1}},
		{Limits{Total: 80, PerAddr: -1, PerNetwork: 9, Outgoing: -1}, Limits{Total: 80, PerAddr: -1, PerNetwork: 9}},
	} {
		got := test.set.Defaults()
		got.addrIsDefault, got.networkIsDefault = false, false
		require.Equal(t, test.want, got)
	}
}

// TestSharesHoldWhenHalfIsTaken: thirty users of one router get places while there are
// plenty, and leave those of others free. A share that was set always holds.
func TestSharesHoldWhenHalfIsTaken(t *testing.T) {
	take := func(l Limits, c *Count, a string) (n int) {
		for c.Exceeds(l, addr(a), false) == None {
			c.Add(addr(a), false)
			n++
		}
		return n
	}
	for _, test := range []struct {
		l             Limits
		first, second int
	}{
		{Limits{Total: 80}, 40, 5},
		{Limits{Total: 80, PerAddr: 3}, 3, 3},
		{Limits{Total: 80, PerNetwork: 30}, 30, 10},
	} {
		var c Count
		l := test.l.Defaults()
		require.Equal(t, test.first, take(l, &c, "192.0.2.1"), "%+v", test)
		require.Equal(t, test.second, take(l, &c, "198.51.100.1"), "%+v", test)
	}
}

// The narrowest limit is named, because only those that it covers are to give way.
func TestNarrowestLimit(t *testing.T) {
	l := Limits{Total: 10, PerAddr: 2, PerNetwork: 4, Outgoing: 3}
	var c Count
	for _, step := range []struct {
		addr     string
		outgoing bool
		want     Limit
	}{
		{"192.0.2.1", false, None},
		{"192.0.2.1", true, None},
		{"192.0.2.1", true, Addr},
		{"192.0.2.2", false, None},
		{"192.0.2.3", false, None},
		{"192.0.2.4", false, Network},
		{"2001:db8::1", false, None},
		{"2001:db8:0:1::1", false, None},
		{"2001:db8:0:2::1", false, None},
		{"2001:db8:0:3::1", false, None},
		{"2001:db8:0:4::1", false, Incoming},
		{"2001:db8:0:4::1", true, None},
		{"2001:db8:0:4::1", true, None},
		{"2001:db8:0:5::1", true, Total},
		{"2001:db8:0:5::1", false, Incoming},
	} {
		got := c.Exceeds(l, addr(step.addr), step.outgoing)
		require.Equal(t, step.want, got, "%+v", step)
		if got == None {
			c.Add(addr(step.addr), step.outgoing)
		}
	}
	require.Equal(t, 10, c.Len())
	require.Equal(t, 2, c.Of(addr("192.0.2.1")))
	c.Remove(addr("192.0.2.1"), true)
	require.Equal(t, Incoming, c.Exceeds(l, addr("192.0.2.1"), false))
	require.Equal(t, None, c.Exceeds(l, addr("192.0.2.1"), true))
}

func TestLocalAddressesMayTakeMore(t *testing.T) {
	l := Limits{Total: 1000, PerAddr: 2, PerNetwork: 3}
	for _, a := range []string{"127.0.0.1", "10.0.0.1", "192.168.1.1", "fe80::1%eth0", "fd00::1", "::1"} {
		var c Count
		for c.Exceeds(l, addr(a), false) == None {
			c.Add(addr(a), false)
		}
		require.Equal(t, 20, c.Len(), a)
	}
}

func TestAddressesThatAreNone(t *testing.T) {
	l := Limits{Total: 30, PerAddr: 2, PerNetwork: 3}
	var c Count
	for c.Exceeds(l, netip.Addr{}, false) == None {
		c.Add(netip.Addr{}, false)
	}
	require.Equal(t, 30, c.Len(), "other transports have only the limit of all")
}

func TestNoLimits(t *testing.T) {
	var c Count
	for range 1000 {
		require.Equal(t, None, c.Exceeds(Limits{Total: -1}.Defaults(), addr("192.0.2.1"), false))
		c.Add(addr("192.0.2.1"), false)
	}
	for range 1000 {
		c.Remove(addr("192.0.2.1"), false)
	}
	require.Zero(t, c.Len())
	require.Empty(t, c.addrs)
	require.Empty(t, c.networks)
}

func TestCovers(t *testing.T) {
	newcomer := addr("192.0.2.1")
	for _, test := range []struct {
		limit    Limit
		other    string
		outgoing bool
		want     bool
	}{
		{None, "192.0.2.1", false, false},
		{Addr, "192.0.2.1", true, true},
		{Addr, "192.0.2.2", false, false},
		{Network, "192.0.2.2", false, true},
		{Network, "192.0.3.1", false, false},
		{Incoming, "192.0.3.1", false, true},
		{Incoming, "192.0.3.1", true, false},
		{Total, "2001:db8::1", true, true},
	} {
		require.Equal(t, test.want, test.limit.Covers(newcomer, addr(test.other), test.outgoing), "%+v", test)
	}
	require.Equal(t, "2001:db8:0:1::/64", networkOf(addr("2001:db8:0:1:2::3")).String())
	require.Equal(t, "fe80::/64", networkOf(addr("fe80::1%eth0")).String())
	require.Equal(t, netip.Prefix{}, networkOf(netip.Addr{}))
}
