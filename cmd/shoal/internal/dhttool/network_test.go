package dhttool

import (
	"errors"
	"fmt"
	"net/netip"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/shoal-bt/shoal/cmd/shoal/internal/advice"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/usage"
	"github.com/shoal-bt/shoal/dht"
	"github.com/shoal-bt/shoal/dht/krpc"
)

// Without --bootstrap the well-known routers are asked; with it, only the nodes that it
// names, which may have what the user wants.
func TestConfig(t *testing.T) {
	require.Nil(t, config(nil).Routers, "which means dht.DefaultRouters")
	require.Contains(t, families(nil), "udp4")
	addrs := []netip.AddrPort{netip.MustParseAddrPort("192.0.2.7:1"), netip.MustParseAddrPort("[2001:db8::7]:2"), netip.MustParseAddrPort("192.0.2.8:1")}
	c := config(addrs)
	require.Equal(t, []string{}, c.Routers)
	require.Equal(t, []string{"192.0.2.7:1", "[2001:db8::7]:2", "192.0.2.8:1"}, c.Nodes)
	require.Equal(t, []string{"udp4", "udp6"}, families(addrs))
	require.Equal(t, []string{"udp6"}, families(addrs[1:2]))
}

func TestLookUp(t *testing.T) {
	for name, want := range map[string]string{"192.0.2.7:1": "192.0.2.7:1", "[::ffff:192.0.2.7]:1": "192.0.2.7:1", "[2001:db8::7]:65535": "[2001:db8::7]:65535"} {
		addrs, err := lookUp(t.Context(), name)
		require.NoError(t, err, name)
		require.Equal(t, []netip.AddrPort{netip.MustParseAddrPort(want)}, addrs)
	}
	for _, name := range []string{"", ":1", "192.0.2.7", "192.0.2.7:0", "192.0.2.7:65536", "192.0.2.7:x", "2001:db8::7:1"} {
		_, err := lookUp(t.Context(), name)
		require.ErrorAs(t, err, new(usage.Error), name)
		require.ErrorContains(t, err, "give HOST:PORT")
	}
}

// What is wrong and what to do is said for each way in which a search fails.
func TestExplain(t *testing.T) {
	var f Network
	f.Timeout = time.Minute
	require.NoError(t, f.explain(nil))
	other := errors.New("other")
	require.Equal(t, other, f.explain(other))
	require.Contains(t, advice.Of(f.explain(fmt.Errorf("x: %w", dht.ErrNoNodes))), "this machine is online")
	late := f.explain(errTimeout)
	require.ErrorContains(t, late, "1m0s")
	require.Contains(t, advice.Of(late), "--timeout")
	f.Bootstrap = []string{"192.0.2.7:1", "-x:2"}
	require.Contains(t, advice.Of(f.explain(dht.ErrNoNodes)), "the addresses of --bootstrap")
	require.Equal(t, []string{"--bootstrap 192.0.2.7:1", "--bootstrap=-x:2"}, f.words())
}

func TestIsAddress(t *testing.T) {
	for text, want := range map[string]bool{
		"router.example:6881": true, "[::1]:1": true, "192.0.2.7:1": true,
		"": false, "some.torrent": false, "magnet:?xt=urn:btih:1": false, "http://x:80": false, "./a:1": false, `C:\x`: false, "0123456789012345678901234567890123456789": false,
	} {
		require.Equal(t, want, isAddress(text), text)
	}
	require.NotEqual(t, randomTarget(), randomTarget())
}

// An item that nobody stored is never reported as stored.
func TestRefusal(t *testing.T) {
	for _, err := range []error{nil, errors.New("other"), &krpc.Error{Code: krpc.CasMismatch}, &krpc.Error{Code: krpc.SeqTooLow}, &krpc.Error{Code: krpc.ServerError}} {
		require.Error(t, refusal(err))
	}
}
