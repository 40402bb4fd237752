package dhtnode

import (
	"net/netip"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/shoal-bt/shoal/dht"
)

func TestPlaces(t *testing.T) {
	const isSeed = true
	now := time.Unix(1e9, 0)
	p := places{max: 4}
	require.Zero(t, p.take(now, isSeed))
	require.Zero(t, p.take(now, isSeed))
	require.NotZero(t, p.take(now, isSeed), "seeds get half")
	require.Zero(t, p.take(now, !isSeed))
	require.Zero(t, p.take(now, !isSeed))
	require.NotZero(t, p.take(now, !isSeed))
	p.release(now, now.Add(4*time.Second), !isSeed)
	require.NotZero(t, p.take(now, isSeed), "the other half stays free of them")
	require.Zero(t, p.take(now, !isSeed))
	p.release(now, now.Add(4*time.Second), isSeed)
	require.Zero(t, p.take(now, isSeed))
}

// TestPlacesArePromisedOneByOne has a thousand torrents begin together. No two are to come back
// at one time, and none later than an announce is due.
func TestPlacesArePromisedOneByOne(t *testing.T) {
	now := time.Unix(1e9, 0)
	p := places{max: 2}
	require.Zero(t, p.take(now, true))
	last := time.Duration(0)
	for range 100 {
		wait := p.take(now, true)
		require.GreaterOrEqual(t, wait, time.Second)
		require.Greater(t, wait, last)
		last = wait
	}
	p.release(now, now.Add(50*time.Second), true)
	require.Zero(t, p.take(now, true))
	for range 1000 {
		require.LessOrEqual(t, p.take(now, true), dht.AnnounceEvery+time.Minute)
	}
}

func TestAddresses(t *testing.T) {
	for _, test := range []struct{ listen, at4, at6 string }{
		{"", "0.0.0.0:0", "[::]:0"},
		{"[::]:6881", "0.0.0.0:6881", "[::]:6881"},
		{"0.0.0.0:6881", "0.0.0.0:6881", ""},
		{"127.0.0.1:7", "127.0.0.1:7", ""},
		{"[::1]:7", "", "[::1]:7"},
	} {
		var all []netip.AddrPort
		if test.listen != "" {
			all = append(all, netip.MustParseAddrPort(test.listen))
		}
		at4, at6 := addresses(all)
		for want, got := range map[string]netip.AddrPort{test.at4: at4, test.at6: at6} {
			if want == "" {
				require.False(t, got.IsValid(), test.listen)
			} else {
				require.Equal(t, want, got.String(), test.listen)
			}
		}
	}
	at4, at6 := addresses([]netip.AddrPort{netip.MustParseAddrPort("0.0.0.0:7"), netip.MustParseAddrPort("[::]:7")})
	require.Equal(t, "0.0.0.0:7", at4.String())
	require.Equal(t, "[::]:7", at6.String())
}

// TestNamesOfOneHost has a peer name many ports, before another names its node.
func TestNamesOfOneHost(t *testing.T) {
	s := New(Config{})
	defer s.Close()
	for port := range 1000 {
		s.Suggest(netip.AddrPortFrom(netip.MustParseAddr("2001:db8::1"), uint16(port+1)).String())
	}
	s.Suggest("10.0.0.1:1")
	require.Equal(t, []string{"[2001:db8::1]:1", "[2001:db8::1]:2", "[2001:db8::1]:3", "[2001:db8::1]:4", "10.0.0.1:1"}, s.names.opened())
}

// TestNamesAreBounded adds the nodes of many torrents.
func TestNamesAreBounded(t *testing.T) {
	s := New(Config{})
	defer s.Close()
	for i := range 100 {
		var all []string
		for j := range 20 {
			all = append(all, netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 0, byte(i), byte(j)}), 1).String())
		}
		s.Suggest(all...)
		s.Suggest(all...)
		s.Suggest(string(make([]byte, maxName+1)))
	}
	all := s.names.opened()
	require.Len(t, all, maxNames)
	require.Equal(t, []string{"10.0.0.7:1", "10.0.1.0:1"}, all[maxOfOne-1:maxOfOne+1])
}
