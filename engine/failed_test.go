package engine

import (
	"io"
	"net/netip"
	"testing"
	"time"

	"github.com/shoal-bt/shoal/engine/internal/simnet"
	"github.com/shoal-bt/shoal/handshake"
	"github.com/shoal-bt/shoal/swarm"
	"github.com/stretchr/testify/require"
)

// awaitFailed returns the next PeerFailed.
func awaitFailed(t *testing.T, events *Stream) PeerFailed {
	for {
		e, err := events.Next(t.Context())
		require.NoError(t, err)
		if failed, ok := e.(PeerFailed); ok {
			return failed
		}
	}
}

// A peer that dials us and does not begin with a handshake, as one that encrypts, is
// reported.
func TestIncomingPeersThatSendNoHandshake(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		e := r.engine("10.0.0.1", simnet.Link{}, Config{Torrent: TorrentConfig{Events: OnPeerFailed}})
		events := e.Subscribe(0)
		c, err := r.network.Host("10.0.0.2", simnet.Link{}).DialContext(t.Context(), "tcp", e.Addrs()[0].String())
		require.NoError(t, err)
		_, err = io.WriteString(c, "7 random bytes")
		require.NoError(t, err)
		failed := awaitFailed(t, events)
		var protocol *handshake.ProtocolError
		require.ErrorAs(t, failed.Err, &protocol)
		require.ErrorIs(t, failed.Err, ErrHandshake)
		require.Equal(t, "10.0.0.2", failed.Addr.Addr().String())
		require.Zero(t, failed.Torrent)
		require.Zero(t, failed.Retry)
		c.Close()
	})
}

// PeerFailed says when the peer is dialed again, for as long as it is.
func TestFailedPeersSayWhenTheyAreDialedAgain(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		s := newSample(1, 1<<20, 1<<18)
		e := r.engine("10.0.0.1", link, Config{Torrent: TorrentConfig{Events: OnPeerFailed}})
		events := e.Subscribe(0)
		r.add(e, s.spec(swarm.NewMemory(s.geometry.Length), list(swarm.Address{AddrPort: netip.MustParseAddrPort("10.0.0.9:1")})))
		last := time.Time{}
		for {
			failed := awaitFailed(t, events)
			require.Equal(t, "10.0.0.9:1", failed.Addr.String())
			if !last.IsZero() {
				require.WithinDuration(t, last, time.Now(), time.Second, "it was dialed when the event before said")
			}
			last = failed.Retry
			if last.IsZero() {
				return // it is forgotten
			}
			require.True(t, last.After(time.Now()))
		}
	})
}
