package addressbook

import (
	"net/netip"
	"testing"
	"time"

	"github.com/shoal-bt/shoal/swarm"
	"github.com/stretchr/testify/require"
)

// TestReconnectsAreSpread: 100 peers lose the same seed. They do not dial it at the same time
// again, and none waits longer than a quarter more.
func TestReconnectsAreSpread(t *testing.T) {
	now := time.Unix(1e9, 0)
	seed := netip.MustParseAddrPort("192.0.2.1:6881")
	for failures := 1; failures < 4; failures++ {
		at := make(map[time.Duration]bool)
		for number := range uint64(100) {
			var b Book
			b.Spread(number + 1)
			b.Add(now, swarm.Address{AddrPort: seed}, 1)
			for n := range failures + 1 {
				clock := now.Add(time.Duration(n) * time.Hour)
				_, _, ok := b.Next(clock, false)
				require.True(t, ok)
				b.Ended(clock, seed, Failed)
			}
			wait := b.RetryAt(seed).Sub(now.Add(time.Duration(failures) * time.Hour))
			require.GreaterOrEqual(t, wait, backoff[failures])
			require.Less(t, wait, backoff[failures]*5/4)
			at[wait] = true
		}
		require.Greater(t, len(at), 80)
	}
}
