package engine

import (
	"net/netip"
	"testing"

	"github.com/shoal-bt/shoal/engine/internal/simnet"
	"github.com/stretchr/testify/require"
)

// TestBlockedDialer has a blocked address dial us: it is refused and reported.
func TestBlockedDialer(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		bad := netip.MustParseAddr("10.6.0.1")
		e := r.engine("10.0.0.1", simnet.Link{}, Config{
			Blocked: func(a netip.Addr) bool { return a == bad },
			Torrent: TorrentConfig{Events: AllEvents},
		})
		events := e.Subscribe(0)
		c, err := r.network.Host(bad.String(), simnet.Link{}).DialContext(t.Context(), "tcp", e.Addrs()[0].String())
		require.NoError(t, err)
		_, err = c.Read(make([]byte, 1))
		require.Error(t, err, "the connection is closed without a word")
		for {
			ev, err := events.Next(t.Context())
			require.NoError(t, err)
			if b, ok := ev.(PeerBlocked); ok {
				require.Equal(t, bad, b.Addr)
				return
			}
		}
	})
}
