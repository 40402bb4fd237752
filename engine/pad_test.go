package engine

import (
	"testing"

	"github.com/shoal-bt/shoal/engine/internal/simnet"
	"github.com/shoal-bt/shoal/handshake"
	"github.com/shoal-bt/shoal/peerwire"
	"github.com/shoal-bt/shoal/swarm"
	"github.com/stretchr/testify/require"
)

// In v2 torrents libtorrent asks for whole blocks where a piece is short. The pad
// behind a piece is sent as zeros, whatever lay in the buffer before.
func TestServesPadAsZeros(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		s := newSample(9, 2<<15+9, 1<<15)
		s.geometry.Short = true
		s.geometry.Pads = []swarm.Span{{Offset: 100, Length: 1<<15 - 100}}
		e := r.engine("10.0.0.1", simnet.Link{}, Config{})
		r.seed(e, s)
		a := r.dialAs("asks", e, s, handshake.Fast)
		require.NoError(t, a.send(peerwire.Message{Kind: peerwire.Interested}))
		a.expect(peerwire.Unchoke)
		for range 2 {
			for _, test := range []struct{ piece, stored int }{{1, swarm.BlockLen}, {0, 100}, {2, 9}} {
				b := swarm.Block{Piece: test.piece, Length: swarm.BlockLen}
				require.NoError(t, a.send(peerwire.Message{Kind: peerwire.Request, Block: b}))
				m := a.expect(peerwire.Piece)
				require.Equal(t, b, m.Block)
				want := make([]byte, b.Length)
				copy(want, s.content[test.piece<<15:][:test.stored])
				require.Equal(t, want, m.Data)
			}
		}
	})
}
