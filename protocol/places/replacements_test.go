package places

import (
	"net/netip"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// A network has others replaced once in five minutes, whatever address of it comes, and its
// own connections at any time.
func TestReplacements(t *testing.T) {
	var r Replacements
	now := time.Unix(1e9, 0)
	require.True(t, r.May(now, Total, addr("192.0.2.1")))
	require.True(t, r.Take(now, Total, addr("192.0.2.1")))
	require.False(t, r.Take(now, Total, addr("192.0.2.1")))
	require.False(t, r.May(now, Total, addr("192.0.2.9")))
	require.False(t, r.May(now, Incoming, addr("192.0.2.9")))
	require.True(t, r.May(now, Addr, addr("192.0.2.9")))
	require.True(t, r.May(now, Network, addr("192.0.2.9")))
	require.True(t, r.May(now, Total, addr("192.0.3.1")))
	require.True(t, r.May(now.Add(replaceAgain), Total, addr("192.0.2.1")))
	r.Take(now, Total, addr("10.0.0.1"))
	require.True(t, r.May(now, Total, addr("10.0.0.1")), "local addresses are not counted")
	for i := range 2 * maxReplacements {
		r.Take(now, Total, netip.AddrFrom4([4]byte{80, byte(i >> 8), byte(i), 1}))
	}
	require.Len(t, r.order, maxReplacements)
	require.Len(t, r.at, maxReplacements)
	r.Take(now.Add(replaceAgain), Total, addr("192.0.2.1"))
	require.Len(t, r.at, 1, "old ones are forgotten")
}
