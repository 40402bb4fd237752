package load

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha1"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/shoal-bt/shoal/peerwire"
	"github.com/shoal-bt/shoal/swarm"
)

// sample is a torrent of 10 pieces of three blocks, and its file.
func sample(t *testing.T) (Torrent, string, []byte) {
	t.Helper()
	tor := Torrent{ID: [20]byte{1, 2, 3}, PieceLength: 3 * blockLen, Length: 30 * blockLen}
	b := make([]byte, tor.Length)
	rand.NewChaCha8([32]byte{}).Read(b)
	name := filepath.Join(t.TempDir(), "content")
	require.NoError(t, os.WriteFile(name, b, 0o644))
	return tor, name, b
}

// serve runs a Blast for the test.
func serve(t *testing.T, tor Torrent, file string) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- (&Blast{tor, file}).Serve(ctx, l) }()
	t.Cleanup(func() {
		cancel()
		require.NoError(t, <-done)
	})
	return l.Addr().String()
}

func TestFloorGetsWhatBlastHas(t *testing.T) {
	tor, file, want := sample(t)
	f := Floor{Torrent: tor, Addr: serve(t, tor, file), Depth: 128, File: file + ".copy"}
	for p := range len(want) / int(tor.PieceLength) {
		f.Hashes = append(f.Hashes, sha1.Sum(want[p*int(tor.PieceLength):][:tor.PieceLength]))
	}
	require.NoError(t, f.Run(t.Context()))
	got, err := os.ReadFile(f.File)
	require.NoError(t, err)
	require.True(t, bytes.Equal(want, got))

	f.Hashes[3][0]++
	require.ErrorContains(t, (&Floor{Torrent: tor, Addr: f.Addr, Depth: 4, File: f.File, Hashes: f.Hashes}).Run(t.Context()), "piece 3 is wrong")
}

func TestSinkTakesEverythingOnce(t *testing.T) {
	tor, file, _ := sample(t)
	for _, s := range []*Sink{
		{Conns: 1, Depth: 128}, {Conns: 1, Depth: 1}, {Conns: 4, Depth: 3}, {Conns: 40, Depth: 2, Random: true}, {Conns: 2, Depth: 9, Wait: true},
	} {
		s.Torrent, s.Bytes, s.Addr = tor, tor.Length, serve(t, tor, file)
		require.NoError(t, s.Connect(t.Context()))
		require.NoError(t, s.Take())
		s.Close()
		require.GreaterOrEqual(t, s.dealt.Load()*blockLen, tor.Length)
	}
}

func TestSinkDealsEachBlock(t *testing.T) {
	tor := Torrent{PieceLength: 2 * blockLen, Length: 8 * blockLen}
	for _, order := range [][]int{nil, {2, 0, 3, 1}} {
		s := Sink{Torrent: tor, Bytes: tor.Length, order: order}
		seen := map[int64]bool{}
		for off, ok := s.deal(); ok; off, ok = s.deal() {
			seen[off] = true
			require.Zero(t, off%blockLen)
		}
		require.Len(t, seen, 8)
	}
}

func TestSinkFailsWithItsSeeder(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	go func() {
		c, err := l.Accept()
		if err == nil {
			io.ReadFull(c, make([]byte, helloLen))
			c.Write(append(hello([20]byte{}, "TEST"), state(unchoke)...))
			c.Write(state(choke))
			c.Close()
		}
	}()
	s := Sink{Torrent: Torrent{Length: blockLen, PieceLength: blockLen}, Bytes: blockLen, Conns: 1, Depth: 1, Addr: l.Addr().String()}
	require.NoError(t, s.Connect(t.Context()))
	defer s.Close()
	require.Error(t, s.Take())
}

func TestHoldKeepsConnections(t *testing.T) {
	tor, file, _ := sample(t)
	addr := serve(t, tor, file)
	ctx, cancel := context.WithCancel(t.Context())
	h := Hold{ID: tor.ID, Addr: addr}
	require.NoError(t, h.Open(ctx, 30))
	require.Zero(t, h.Lost())
	cancel()
	require.Error(t, (&Hold{Addr: "127.0.0.1:1"}).Open(t.Context(), 1))
}

func TestBlastDials(t *testing.T) {
	tor, file, want := sample(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	done, asked := make(chan error, 1), make(chan bool, 1)
	go func() {
		done <- (&Blast{tor, file}).Dial(t.Context(), l.Addr().String(), func() { asked <- true })
	}()
	c, err := l.Accept()
	require.NoError(t, err)
	r := bufio.NewReader(c)
	require.NoError(t, shakeHands(c, r, tor.ID, "TEST"))
	require.Empty(t, asked, "so far only interest and a keep-alive have come")
	_, err = c.Write(append(make([]byte, 4), appendRequest(nil, tor, 4*blockLen)...))
	require.NoError(t, err)
	for {
		kind, rest, err := next(r)
		require.NoError(t, err)
		body := make([]byte, rest)
		_, err = io.ReadFull(r, body)
		require.NoError(t, err)
		if kind == piece {
			require.Equal(t, want[4*blockLen:5*blockLen], body[8:])
			break
		}
	}
	require.True(t, <-asked)
	require.NoError(t, c.Close())
	require.Error(t, <-done, "the leecher closed the connection")
}

func TestClaimFitsThePieces(t *testing.T) {
	for pieces := range 40 {
		b := Blast{Torrent: Torrent{PieceLength: blockLen, Length: int64(pieces) * blockLen}}
		m := b.claim()
		require.Equal(t, byte(bitfield), m[4])
		set := swarm.Bitfield(m[5:])
		require.True(t, set.Fits(pieces), pieces)
		require.Equal(t, pieces, set.Count())
	}
}

func TestRequestsAreThoseOfPeerwire(t *testing.T) {
	tor := Torrent{PieceLength: 4 * blockLen, Length: 40 * blockLen}
	got := appendRequest(nil, tor, 6*blockLen)
	want := peerwire.Message{Kind: peerwire.Request, Block: swarm.Block{Piece: 1, Begin: 2 * blockLen, Length: blockLen}}
	require.Equal(t, want.AppendTo(nil), got)
}

func TestBlastEndsConnectionsThatAskForNonsense(t *testing.T) {
	tor, file, _ := sample(t)
	addr := serve(t, tor, file)
	for _, q := range [][]byte{
		appendRequest(nil, Torrent{PieceLength: 1 << 20}, 1<<40),      // far outside
		{0, 0, 0, 13, request, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0, 0, 0}, // too long
		{0xff, 0, 0, 0, request},                                      // a message without end
	} {
		c, err := net.Dial("tcp", addr)
		require.NoError(t, err)
		c.Write(append(hello(tor.ID, "TEST"), q...))
		_, err = io.Copy(io.Discard, c)
		require.NoError(t, err)
		c.Close()
	}
}
