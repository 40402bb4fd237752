package peerwire

import (
	"net/netip"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/shoal-bt/shoal/swarm"
)

// The results are those of https://www.bittorrent.org/beps/bep_0006.html#example-implementation.
func TestAllowedFast(t *testing.T) {
	var id swarm.ID
	for i := range id {
		id[i] = 0xaa
	}
	a := netip.MustParseAddr("80.4.4.200")
	want := []int{1059, 431, 808, 1217, 287, 376, 1188, 353, 508}
	require.Equal(t, want[:7], AppendAllowedFast(nil, a, id, 1313, 7))
	require.Equal(t, want, AppendAllowedFast(nil, netip.AddrFrom16(a.As16()), id, 1313, 9))

	all := AppendAllowedFast([]int{-1}, a, id, 5, 10)
	require.Equal(t, -1, all[0])
	slices.Sort(all[1:])
	require.Equal(t, []int{-1, 0, 1, 2, 3, 4}, all)

	require.Empty(t, AppendAllowedFast(nil, netip.MustParseAddr("2001:db8::1"), id, 5, 10))
	require.Empty(t, AppendAllowedFast(nil, a, id, 0, 10))
	require.Empty(t, AppendAllowedFast(nil, a, id, 5, -1))
}
