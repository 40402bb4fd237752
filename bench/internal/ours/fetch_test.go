package ours

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// TestWatchedFindsTheFirstBlock cuts what a peer sends at every place.
func TestWatchedFindsTheFirstBlock(t *testing.T) {
	stream := make([]byte, handshakeLen)
	stream = append(stream, 0, 0, 0, 1, 1)                                      // unchoke
	stream = append(stream, 0, 0, 0, 0)                                         // keep-alive
	stream = append(stream, 0, 0, 0, 5, 20, 7, 7, 7, 7)                         // an extension
	stream = append(stream, 0, 0, 0, 11, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0xaa, 0xaa) // a block
	first := len(stream) - 2
	stream = append(stream, 0, 0, 0, 1, 0)
	for cut := range len(stream) {
		w := &watch{}
		c := &watched{watch: w, left: handshakeLen}
		c.look(stream[:cut])
		require.Equal(t, cut >= handshakeLen, !w.shookHandsAt.IsZero(), cut)
		require.Equal(t, cut > first, !w.blockAt.IsZero(), cut)
		c.look(stream[cut:])
		require.False(t, w.blockAt.IsZero())
		require.Empty(t, c.head)
		require.Zero(t, c.left)
	}
}
