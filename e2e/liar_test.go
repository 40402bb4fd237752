package e2e

import (
	"context"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/shoal-bt/shoal/engine"
	"github.com/shoal-bt/shoal/handshake"
	"github.com/shoal-bt/shoal/metainfo"
	"github.com/shoal-bt/shoal/metainfo/builder"
	"github.com/shoal-bt/shoal/peerwire"
	"github.com/stretchr/testify/require"
)

// A liar is a peer that claims to have everything, and sends wrong bytes.
type liar struct {
	tor    *metainfo.Torrent
	ends   context.Context
	blocks atomic.Int64  // that it sent
	sent   chan struct{} // closed at the first
	once   sync.Once
}

// startLiar starts one at an address of loopback.
func startLiar(t *testing.T, tor *metainfo.Torrent, addr netip.Addr) (*liar, netip.AddrPort) {
	t.Helper()
	l, err := net.Listen("tcp", netip.AddrPortFrom(addr, 0).String())
	if err != nil {
		lack(t, "no second address on loopback: %v", err)
	}
	ctx, stop := context.WithCancel(context.Background())
	x := &liar{tor: tor, ends: ctx, sent: make(chan struct{})}
	var all sync.WaitGroup
	all.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			all.Go(func() {
				defer context.AfterFunc(ctx, func() { c.Close() })()
				defer c.Close()
				x.serve(c)
			})
		}
	})
	t.Cleanup(func() {
		stop()
		l.Close()
		all.Wait()
	})
	return x, l.Addr().(*net.TCPAddr).AddrPort()
}

// serve talks to one peer until it goes.
func (x *liar) serve(c net.Conn) error {
	_, err := handshake.Accept(x.ends, c, func(handshake.Handshake) (handshake.Handshake, error) {
		return handshake.Handshake{PeerID: [20]byte([]byte("-XX0000-liar-liar-li")), Reserved: handshake.Bits(handshake.Fast)}, nil
	}, handshake.Options{})
	if err != nil {
		return err
	}
	w := peerwire.NewWriter(c)
	if err := w.Write(peerwire.Message{Kind: peerwire.HaveAll}, peerwire.Message{Kind: peerwire.Unchoke}); err != nil {
		return err
	}
	r := peerwire.NewReader(c, peerwire.Limits{Geometry: x.tor.Info.Geometry(), Fast: true})
	for {
		m, err := r.Next()
		if err != nil {
			return err
		}
		if m.Kind != peerwire.Request {
			continue
		}
		wrong := make([]byte, m.Block.Length)
		wrong[len(wrong)-1] = byte(x.blocks.Add(1)) | 1
		x.once.Do(func() { close(x.sent) })
		if err := w.Write(peerwire.Message{Kind: peerwire.Piece, Block: m.Block, Data: wrong}); err != nil {
			return err
		}
	}
}

// TestLiar downloads from a liar and from libtorrent: the content comes out right
// and the liar is banned. With small pieces each has one sender, who is known at
// once to lie; large ones are sent by both, and it takes a second try to tell.
func TestLiar(t *testing.T) {
	lt := libtorrent{}
	need(t, lt)
	t.Parallel()
	for _, test := range []struct {
		name string
		shape
	}{
		{"one sender a piece", shape{"", 16 << 10, []int64{2 << 20}}},
		{"pieces of several senders", shape{"", 4 << 20, []int64{40 << 20}}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			content := test.make(t, 8)
			tor, file := content.torrent(t, builder.Options{PieceLength: test.pieceLength})
			theirs := lt.start(t, loopback(), job{torrent: file, dir: content.dir, seed: true})
			x, addr := startLiar(t, tor, netip.MustParseAddr("127.0.0.2"))

			dir := t.TempDir()
			ours := startShoal(t, loopback().ours, engine.Config{})
			mine := ours.get(t, tor, dir, at(addr))
			theirs.waitFor(t, x.sent)
			mine.AddPeers(at(theirs.addr)...)
			banned := ours.await(t, func(ev engine.Event) bool {
				_, ok := ev.(engine.PeerBanned)
				return ok
			})
			require.Equal(t, addr.Addr(), banned.(engine.PeerBanned).Addr)
			require.NoError(t, mine.Wait(within(t)))
			content.requireEqual(t, dir, false)
			require.Positive(t, mine.Stats().Wrong)
			for _, p := range mine.Peers() {
				require.NotEqual(t, addr, p.Addr, "the liar is connected")
			}
		})
	}
}
