package client_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http/httptest"
	"net/netip"
	"os"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/shoal-bt/shoal/client"
	"github.com/shoal-bt/shoal/diskstore"
	"github.com/shoal-bt/shoal/engine"
	"github.com/shoal-bt/shoal/handshake"
	"github.com/shoal-bt/shoal/httptracker"
	"github.com/shoal-bt/shoal/metainfo"
	"github.com/shoal-bt/shoal/peerwire"
	"github.com/shoal-bt/shoal/swarm"
	"github.com/shoal-bt/shoal/trackerserver"
)

// TestErrors reaches each fault that a caller can tell apart.
func TestErrors(t *testing.T) {
	protocol := new(*peerwire.ProtocolError)
	for _, test := range []struct {
		name string
		err  func(*testing.T) error
		is   []error
		as   []any
	}{
		{"duplicate torrent", duplicate, []error{client.ErrDuplicate}, nil},
		{"in use", inUse, []error{client.ErrInUse}, nil},
		{"unknown torrent", func(t *testing.T) error {
			_, err := newClient(t, client.Config{}).Torrent(swarm.ID{1})
			return err
		}, []error{client.ErrUnknown}, nil},
		{"torrent of another client", func(t *testing.T) error {
			_, tor := clientWithTorrent(t, client.Config{})
			return newClient(t, client.Config{}).Remove(tor, client.Keep)
		}, []error{client.ErrUnknown}, nil},
		{"removed", func(t *testing.T) error {
			c, tor := clientWithTorrent(t, client.Config{})
			require.NoError(t, c.Remove(tor, client.Keep))
			require.ErrorIs(t, c.Remove(tor, client.Keep), client.ErrRemoved)
			require.ErrorIs(t, tor.Pause(), client.ErrRemoved)
			return tor.Wait(within(t))
		}, []error{client.ErrRemoved}, nil},
		{"client closed", func(t *testing.T) error {
			c, tor := clientWithTorrent(t, client.Config{})
			waited := make(chan error)
			go func() { waited <- tor.Wait(context.Background()) }()
			require.NoError(t, c.Close())
			require.ErrorIs(t, <-waited, client.ErrClosed)
			_, err := c.Add(within(t), "x")
			return errors.Join(err, tor.Resume())
		}, []error{client.ErrClosed}, nil},
		{"invalid torrent", func(t *testing.T) error {
			_, err := newClient(t, client.Config{}).Add(within(t), []byte("d4:infoi1ee"))
			return err
		}, nil, []any{new(*metainfo.InvalidError)}},
		{"info hash", func(*testing.T) error {
			_, err := client.ParseHash("0123")
			return err
		}, []error{client.ErrInfoHash}, nil},
		{"address", func(t *testing.T) error {
			_, tor := clientWithTorrent(t, client.Config{})
			return tor.AddPeers(netip.MustParseAddrPort("0.0.0.0:1"))
		}, []error{client.ErrAddress}, nil},
		{"no metadata", func(t *testing.T) error {
			tor, err := newClient(t, client.Config{}).Add(within(t), swarm.ID{1})
			require.NoError(t, err)
			_, err = tor.Metainfo()
			return err
		}, []error{client.ErrNoMetadata}, nil},
		{"connect timeout", connectTimeout, []error{client.ErrConnectTimeout}, []any{new(*client.PeerError)}},
		{"handshake timeout", handshakeTimeout, []error{client.ErrHandshakeTimeout}, []any{new(*client.PeerError)}},
		{"hung up", answers(""), []error{client.ErrHungUp, engine.ErrHandshake}, []any{new(*client.PeerError)}},
		{"encrypted", answers("7 random bytes"), []error{client.ErrNotBitTorrent, engine.ErrHandshake}, []any{new(*client.PeerError)}},
		{"connection refused", refused, []error{syscall.ECONNREFUSED}, []any{new(*client.PeerError)}},
		{"bad piece index", peerSends(peerwire.Message{Kind: peerwire.Have, Piece: 1 << 20}), nil, []any{protocol}},
		{"bad block", peerSends(request(0, 5, 200<<10)), nil, []any{protocol}},
		{"block outside", peerSends(request(1<<20, 0, 1)), nil, []any{protocol}},
		{"request while choked", chokedRequests, nil, []any{protocol}},
		{"bitfield out of order", peerSends(
			peerwire.Message{Kind: peerwire.Have, Piece: 0}, peerwire.Message{Kind: peerwire.Bitfield, Data: make([]byte, 1)},
		), nil, []any{protocol}},
		{"piece check failed", badPiece, []error{client.ErrPieceFailed}, []any{new(*client.PieceError)}},
		{"store", brokenStore, []error{errDisk}, []any{new(*client.StoreError)}},
		{"file in the way", func(t *testing.T) error {
			c := newClient(t, client.Config{})
			dir := t.TempDir()
			require.NoError(t, os.Mkdir(filepath.Join(dir, "file.bin"), 0o777))
			_, err := c.Add(within(t), torrentOf(t, "file.bin", content(20, 100_000)), client.AddOptions{Dir: dir})
			return err
		}, nil, []any{new(*client.StoreError), new(*diskstore.Error)}},
		{"source", source, nil, []any{new(*client.SourceError), new(*httptracker.FailureError)}},
	} {
		t.Run(test.name, func(t *testing.T) {
			err := test.err(t)
			require.Error(t, err)
			for _, is := range test.is {
				require.ErrorIs(t, err, is)
			}
			for _, as := range test.as {
				require.ErrorAs(t, err, as)
			}
			t.Log(err)
		})
	}
}

// clientWithTorrent makes a client with a torrent of seven pieces, of which it has none.
func clientWithTorrent(t *testing.T, config client.Config) (*client.Client, *client.Torrent) {
	t.Helper()
	c := newClient(t, config)
	tor, err := c.Add(within(t), torrentOf(t, "file.bin", content(20, 100_000)))
	require.NoError(t, err)
	added(t, tor)
	return c, tor
}

func duplicate(t *testing.T) error {
	c, tor := clientWithTorrent(t, client.Config{})
	_, err := c.Add(within(t), metaOf(t, tor))
	require.Len(t, c.Torrents(), 1)
	return err
}

func inUse(t *testing.T) error {
	if runtime.GOOS != "linux" {
		t.Skip("nobody is kept off here")
	}
	config := client.Config{Dir: t.TempDir(), State: t.TempDir()}
	_, tor := clientWithTorrent(t, config)
	_, err := newClient(t, config).Add(within(t), metaOf(t, tor))
	return err
}

// slowDialer never connects.
type slowDialer struct{}

func (slowDialer) DialContext(ctx context.Context, _, _ string) (net.Conn, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}

// failed dials an address and returns the error of that.
func failed(t *testing.T, config client.Config, addr netip.AddrPort) error {
	_, tor := clientWithTorrent(t, config)
	s := tor.Events(engine.OnPeerFailed, 0)
	require.NoError(t, tor.AddPeers(addr))
	e, _ := until[engine.PeerFailed](t, s)
	return client.ErrorOf(e)
}

func connectTimeout(t *testing.T) error {
	config := client.Config{Engine: engine.Config{Dialer: slowDialer{}, ConnectTimeout: time.Millisecond}}
	return failed(t, config, netip.MustParseAddrPort("192.0.2.1:1"))
}

func handshakeTimeout(t *testing.T) error {
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer silent.Close()
	config := client.Config{Engine: engine.Config{HandshakeTimeout: time.Millisecond}}
	return failed(t, config, netip.MustParseAddrPort(silent.Addr().String()))
}

// answers returns a function that dials a peer which answers a handshake with some bytes
// and closes the connection.
func answers(bytes string) func(*testing.T) error {
	return func(t *testing.T) error {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
		defer l.Close()
		go func() {
			c, err := l.Accept()
			if err != nil {
				return
			}
			defer c.Close()
			io.ReadFull(c, make([]byte, 68))
			io.WriteString(c, bytes)
		}()
		return failed(t, client.Config{}, netip.MustParseAddrPort(l.Addr().String()))
	}
}

func refused(t *testing.T) error {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	l.Close()
	return failed(t, client.Config{}, netip.MustParseAddrPort(l.Addr().String()))
}

func request(piece, begin, length int) peerwire.Message {
	return peerwire.Message{Kind: peerwire.Request, Block: swarm.Block{Piece: piece, Begin: begin, Length: length}}
}

// peerSends returns a function that connects to a client as a peer, sends messages,
// and returns why the client ended the connection.
func peerSends(messages ...peerwire.Message) func(*testing.T) error {
	return func(t *testing.T) error {
		c, tor := clientWithTorrent(t, client.Config{})
		s := tor.Events(engine.OnPeerLost, 0)
		hello := handshake.Handshake{InfoHash: tor.ID(), PeerID: swarm.PeerID{1, 2, 3}}
		conn, _, err := handshake.Dial(within(t), new(net.Dialer), c.Addr().String(), hello, handshake.Options{})
		require.NoError(t, err)
		defer conn.Close()
		var b []byte
		for _, m := range messages {
			b = m.AppendTo(b)
		}
		_, err = conn.Write(b)
		require.NoError(t, err)
		e, _ := until[engine.PeerLost](t, s)
		return client.ErrorOf(e)
	}
}

func chokedRequests(t *testing.T) error {
	many := make([]peerwire.Message, 600)
	for i := range many {
		many[i] = request(0, 0, pieceLength)
	}
	err := peerSends(many...)(t)
	require.ErrorContains(t, err, "choked")
	return err
}

// badPiece has a peer that trusts wrong bytes.
func badPiece(t *testing.T) error {
	b := content(20, 100_000)
	meta := torrentOf(t, "file.bin", b)
	dir := t.TempDir()
	wrong := newClient(t, client.Config{Dir: dir})
	require.NoError(t, os.WriteFile(filepath.Join(dir, "file.bin"), content(21, len(b)), 0o666))
	_, err := wrong.Add(within(t), meta, client.AddOptions{Trust: true})
	require.NoError(t, err)
	_, tor := clientWithTorrent(t, client.Config{})
	s := tor.Events(0, 0)
	require.NoError(t, tor.AddPeers(wrong.Addr()))
	e, _ := until[engine.PieceFailed](t, s)
	banned, _ := until[engine.PeerBanned](t, s)
	require.Equal(t, wrong.Addr().Addr(), banned.Addr)
	require.Equal(t, []netip.AddrPort{wrong.Addr()}, e.Senders)
	return client.ErrorOf(e)
}

var errDisk = errors.New("the disk is on fire")

// badStorage takes nothing.
type badStorage struct{ *swarm.Memory }

func (badStorage) WriteAt([]byte, int64) (int, error) { return 0, errDisk }

func brokenStore(t *testing.T) error {
	b := content(20, 100_000)
	meta := torrentOf(t, "file.bin", b)
	seeder := seedOf(t, meta, b, meta.Info.Pieces())
	c, tor := clientWithTorrent(t, client.Config{NewStorage: func(*metainfo.Torrent, string) (swarm.Storage, error) {
		return badStorage{swarm.NewMemory(int64(len(b)))}, nil
	}})
	s := tor.Events(0, 0)
	require.NoError(t, tor.AddPeers(seeder.Addr()))
	err := tor.Wait(within(t))
	e, _ := until[engine.Failed](t, s)
	require.ErrorIs(t, client.ErrorOf(e), errDisk)
	require.Equal(t, engine.PhaseFailed, tor.Stats().Phase)
	require.Len(t, c.Torrents(), 1)
	require.ErrorIs(t, c.Remove(tor, client.Delete), errors.ErrUnsupported)
	return err
}

func source(t *testing.T) error {
	s := httptest.NewServer(trackerserver.New(trackerserver.Config{Allow: func(swarm.ID) bool { return false }}))
	t.Cleanup(s.Close)
	meta := torrentOf(t, "file.bin", content(20, 100_000))
	meta.Tiers = [][]string{{s.URL + "/announce"}}
	c := newClient(t, client.Config{})
	events := c.Events(0, 0)
	_, err := c.Add(within(t), meta)
	require.NoError(t, err)
	e, _ := until[engine.SourceError](t, events)
	return client.ErrorOf(e)
}

func TestErrorOfOthers(t *testing.T) {
	require.NoError(t, client.ErrorOf(engine.Completed{}))
	require.NoError(t, client.ErrorOf(engine.PeerLost{}))
	require.ErrorIs(t, client.ErrorOf(engine.Warning{Err: errDisk}), errDisk)
}
