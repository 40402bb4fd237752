package client_test

import (
	"context"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/shoal-bt/shoal/client"
	"github.com/shoal-bt/shoal/handshake"
	"github.com/shoal-bt/shoal/metainfo"
	"github.com/shoal-bt/shoal/metainfo/builder"
	"github.com/shoal-bt/shoal/peerwire"
	"github.com/shoal-bt/shoal/swarm"
)

// A strictSeed is a foreign peer that has everything. It ends a piece where its file ends,
// as some clients do, and closes the connection at a request that reaches further.
type strictSeed struct {
	geometry swarm.Geometry
	content  []byte // with pads
	closed   atomic.Int64
}

// listen serves connections until the test ends.
func (s *strictSeed) listen(t *testing.T) netip.AddrPort {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			s.serve(t, c)
		}
	}()
	t.Cleanup(func() { l.Close(); <-done })
	return l.Addr().(*net.TCPAddr).AddrPort()
}

func (s *strictSeed) serve(t *testing.T, c net.Conn) {
	defer context.AfterFunc(t.Context(), func() { c.Close() })()
	defer c.Close()
	_, err := handshake.Accept(t.Context(), c, func(handshake.Handshake) (handshake.Handshake, error) {
		return handshake.Handshake{PeerID: [20]byte{1}, Reserved: handshake.Bits(handshake.Fast)}, nil
	}, handshake.Options{})
	if err != nil {
		return
	}
	w := peerwire.NewWriter(c)
	if w.Write(peerwire.Message{Kind: peerwire.HaveAll}, peerwire.Message{Kind: peerwire.Unchoke}) != nil {
		return
	}
	r := peerwire.NewReader(c, peerwire.Limits{Geometry: s.geometry, Fast: true})
	for {
		m, err := r.Next()
		if err != nil {
			return
		}
		if m.Kind != peerwire.Request {
			continue
		}
		if m.Block.Begin+m.Block.Length > s.geometry.PieceLen(m.Block.Piece) {
			s.closed.Add(1)
			return
		}
		data := s.content[s.geometry.Offset(m.Block):][:m.Block.Length]
		if w.Write(peerwire.Message{Kind: peerwire.Piece, Block: m.Block, Data: data}) != nil {
			return
		}
	}
}

// A torrent in which pieces end in padding comes from a peer that serves no padding.
func TestDownloadFromPeerWithoutPadding(t *testing.T) {
	for _, format := range []metainfo.Format{metainfo.V2, metainfo.Hybrid} {
		t.Run(format.String(), func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "album")
			require.NoError(t, os.Mkdir(dir, 0o777))
			one, two := content(1, 1<<20+1), content(2, 20_000)
			require.NoError(t, os.WriteFile(filepath.Join(dir, "a.bin"), one, 0o666))
			require.NoError(t, os.WriteFile(filepath.Join(dir, "b.bin"), two, 0o666))
			meta, err := builder.Options{Format: format, PieceLength: 1 << 20}.File(t.Context(), dir)
			require.NoError(t, err)

			s := &strictSeed{geometry: meta.Info.Geometry(), content: make([]byte, meta.Info.Length)}
			s.geometry.Short = true
			copy(s.content, one)
			copy(s.content[2<<20:], two)
			leech := newClient(t, client.Config{})
			tor, err := leech.Add(t.Context(), meta, client.AddOptions{Peers: []netip.AddrPort{s.listen(t)}})
			require.NoError(t, err)
			require.NoError(t, tor.Wait(within(t)), "the peer closed %d connections", s.closed.Load())
			sameTree(t, dir, filepath.Join(tor.Dir(), "album"))
			require.Zero(t, s.closed.Load())
			require.EqualValues(t, len(one)+len(two), tor.Stats().Down.Total)
		})
	}
}
