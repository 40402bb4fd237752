package engine

import (
	"testing"
	"time"

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

// paddedFile is a hybrid torrent of a file of 1,048,577 bytes, whose last piece ends in
// padding. shorter is the same torrent to a client that ends a piece where its file ends.
func paddedFile() (s, shorter *sample) {
	const length = 1<<20 + 1
	s, shorter = newSample(1, length, 1<<18), newSample(1, length, 1<<18)
	s.geometry.Length = 5 << 18
	s.geometry.Pads = []swarm.Span{{Offset: length, Length: 5<<18 - length}}
	s.content = append(s.content, make([]byte, 5<<18-length)...)
	return s, shorter
}

// Some clients end a piece where its file ends, and close the connection at a request that
// reaches further. So only the byte before the pad is requested.
func TestPadIsNotRequested(t *testing.T) {
	for name, memory := range map[string]int64{"in memory": 0, "written before the piece is complete": 4 * swarm.BlockLen} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, r *rig) {
				s, shorter := paddedFile()
				addr, end := r.lurk("10.0.0.9", shorter, func(b swarm.Block) ([]byte, bool) {
					return shorter.content[shorter.geometry.Offset(b):][:b.Length], true
				})
				defer end()
				e := r.engine("10.0.0.1", simnet.Link{}, Config{Memory: memory})
				events := e.Subscribe(0)
				disk := swarm.NewMemory(s.geometry.Length, s.geometry.Pads...)
				x := r.add(e, s.spec(disk, list(addr)))
				r.wait(x, time.Minute)
				s.has(t, disk)
				require.EqualValues(t, 1<<20+1, x.Stats().Down.Total)
				require.Equal(t, 1, countEvents[PeerConnected](events))
			})
		})
	}
}

// A block that ends in padding is served without the pad and with it.
func TestServesBlockWithPadAndWithout(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		s, shorter := paddedFile()
		e := r.engine("10.0.0.1", simnet.Link{}, Config{})
		r.seed(e, s)
		for name, as := range map[string]*sample{"shorter": shorter, "whole": s} {
			a := r.dialAs(name, e, as, handshake.Fast)
			require.NoError(t, a.send(peerwire.Message{Kind: peerwire.Interested}))
			a.expect(peerwire.Unchoke)
			b := as.geometry.Block(4, 0)
			require.NoError(t, a.send(peerwire.Message{Kind: peerwire.Request, Block: b}))
			m := a.expect(peerwire.Piece)
			require.Equal(t, b, m.Block)
			require.Equal(t, s.content[4<<18:][:b.Length], m.Data)
		}
	})
}
