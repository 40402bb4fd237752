package lsd

import (
	"net"
	"net/netip"
	"testing"

	"github.com/shoal-bt/shoal/lsd/discovery"
	"github.com/stretchr/testify/require"
)

// TestLinksOf chooses the links of an interface, and the address to send from.
func TestLinksOf(t *testing.T) {
	for _, test := range []struct {
		name        string
		from, addrs []string
		want        []string // the sources of the links
	}{
		{"both families", nil, []string{"10.0.0.1/24", "fd00::1/64"}, []string{"", ""}},
		{"any address of IPv4", []string{"0.0.0.0"}, []string{"10.0.0.1/24", "fd00::1/64"}, []string{""}},
		{"any address of IPv6", []string{"::"}, []string{"10.0.0.1/24", "fd00::1/64"}, []string{""}},
		{"its second address", []string{"10.0.0.2"}, []string{"10.0.0.1/24", "10.0.0.2/24", "fd00::1/64"}, []string{"10.0.0.2"}},
		{"an address in the other family", []string{"::ffff:10.0.0.2", "fe80::1%eth0"}, []string{"10.0.0.2/24", "fe80::1/64"}, []string{"10.0.0.2", "fe80::1"}},
		{"an address of another interface", []string{"10.0.1.1"}, []string{"10.0.0.1/24", "fd00::1/64"}, nil},
		{"no address", nil, nil, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			var c Config
			for _, f := range test.from {
				c.From = append(c.From, netip.MustParseAddr(f))
			}
			addrs := []net.Addr{&net.UDPAddr{}, &net.IPNet{}}
			for _, a := range test.addrs {
				p := netip.MustParsePrefix(a)
				addrs = append(addrs, &net.IPNet{IP: p.Addr().AsSlice(), Mask: net.CIDRMask(p.Bits(), p.Addr().BitLen())})
			}
			var got []string
			for _, l := range c.linksOf(net.Interface{Index: 3, Name: "eth0"}, addrs) {
				source := ""
				if l.Source.IsValid() {
					source = l.Source.String()
				}
				got = append(got, source)
				require.Equal(t, 3, l.Index)
			}
			require.Equal(t, test.want, got)
		})
	}
}

// TestUses leaves out interfaces that lead to no local network.
func TestUses(t *testing.T) {
	const up = net.FlagUp | net.FlagMulticast
	all := func(net.Interface) bool { return true }
	for flags, want := range map[net.Flags][2]bool{
		up | net.FlagBroadcast:    {true, true},
		up | net.FlagLoopback:     {false, true},
		up | net.FlagPointToPoint: {false, true},
		net.FlagMulticast:         {false, false},
		net.FlagUp:                {false, false},
	} {
		require.Equal(t, want[0], Config{}.uses(net.Interface{Flags: flags}), flags)
		require.Equal(t, want[1], Config{Interface: all}.uses(net.Interface{Flags: flags}), flags)
	}
	require.False(t, Config{Interface: func(net.Interface) bool { return false }}.uses(net.Interface{Flags: up}))
}

// TestSockets has two sockets share a port on loopback. Both hear what one of them sends,
// over IPv4: Linux has no route to groups of IPv6 there, and e2e tests that family.
func TestSockets(t *testing.T) {
	interfaces, err := net.Interfaces()
	require.NoError(t, err)
	var links []discovery.Link
	for _, i := range interfaces {
		if i.Flags&net.FlagLoopback == 0 || i.Flags&net.FlagUp == 0 {
			continue
		}
		addrs, err := i.Addrs()
		require.NoError(t, err)
		links = append(links, Config{}.linksOf(i, addrs)...)
	}
	require.NotEmpty(t, links)
	for _, l := range links {
		name := "IPv4"
		if l.Is6 {
			name = "IPv6"
		}
		t.Run(name, func(t *testing.T) {
			l.Source = l.Prefixes[0].Addr()
			u := udp{port: freePort(t)}
			one, err := u.open(l.Is6)
			require.NoError(t, err)
			defer one.close()
			two, err := u.open(l.Is6)
			require.NoError(t, err)
			defer two.close()
			for _, s := range []socket{one, two} {
				require.NoError(t, s.join(l))
				require.Equal(t, 1, hopsOf(t, s), "datagrams do not leave the link")
			}
			if !l.Is6 {
				exchange(t, l, one, two)
			}
			two.leave(l)
			require.NoError(t, two.join(l), "it may come back")
			two.close()
			_, _, _, err = two.receive(make([]byte, 1))
			require.ErrorIs(t, err, net.ErrClosed)
		})
	}
}

// hopsOf returns how far the datagrams of a socket go.
func hopsOf(t *testing.T, s socket) (hops int) {
	var err error
	switch s := s.(type) {
	case *socket4:
		hops, err = s.p.MulticastTTL()
	case *socket6:
		hops, err = s.p.MulticastHopLimit()
	}
	require.NoError(t, err)
	return hops
}

// exchange has one socket send to a group that both are in.
func exchange(t *testing.T, l discovery.Link, one, two socket) {
	require.NoError(t, one.send(discovery.Datagram{Link: l, Bytes: []byte("hello")}))
	b := make([]byte, 100)
	for _, s := range []socket{one, two} {
		n, index, from, err := s.receive(b)
		require.NoError(t, err)
		require.Equal(t, "hello", string(b[:n]))
		require.Contains(t, []int{0, l.Index}, index)
		require.Equal(t, l.Source, from.Addr())
	}
}

// freePort returns a port of UDP that nobody has.
func freePort(t *testing.T) int {
	c, err := net.ListenPacket("udp", ":0")
	require.NoError(t, err)
	defer c.Close()
	return c.LocalAddr().(*net.UDPAddr).Port
}
