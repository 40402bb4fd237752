package metadata

import (
	"context"
	"math"
	"net"
	"net/netip"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/shoal-bt/shoal/connect"
	"github.com/shoal-bt/shoal/handshake"
	"github.com/shoal-bt/shoal/magnet"
	"github.com/shoal-bt/shoal/metainfo"
	"github.com/shoal-bt/shoal/peerwire"
)

func TestMaxSize(t *testing.T) {
	for bytes, want := range map[int64]int{0: 0, 500: 500, -1: -1, math.MinInt64: -1, math.MaxInt64: 1 << 30} {
		require.Equal(t, want, maxSize(metainfo.Options{MaxBytes: bytes}))
	}
}

// A peer whose metadata is longer than 64 MiB is asked for it if the limit is higher.
func TestLimitIsRaised(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	c := connect.New(connect.Options{})
	defer c.Close()
	ctx, cancel := context.WithCancel(t.Context())
	asked := make(chan error)
	go func() { asked <- awaitRequest(ctx, l, 65<<20) }()
	ended := make(chan error)
	go func() {
		_, err := Peers{Connector: c, PeerID: [20]byte{1}}.Ask(ctx, Request{
			Link:     &metainfo.Magnet{HashV1: [20]byte{1}},
			Peers:    []netip.AddrPort{connect.AddrPort(l.Addr())},
			Metainfo: metainfo.Options{MaxBytes: 66 << 20},
			Progress: func(Stats) {},
		})
		ended <- err
	}()
	require.NoError(t, <-asked)
	cancel()
	require.ErrorIs(t, <-ended, context.Canceled)
}

// The peers of a link are asked as well as those of the user: addresses at once, and names when
// they are looked up.
func TestPeersOfALink(t *testing.T) {
	at := netip.MustParseAddrPort
	link := &metainfo.Magnet{HashV1: [20]byte{1}, Peers: []string{"127.0.0.1:2", "localhost:3", "127.0.0.1:0"}}
	var peers []netip.AddrPort
	_, _, err := Fetch(t.Context(), Request{Link: link, Peers: []netip.AddrPort{at("127.0.0.1:1")}},
		func(_ context.Context, r Request) (*magnet.Result, error) {
			require.Equal(t, []netip.AddrPort{at("127.0.0.1:1"), at("127.0.0.1:2")}, r.Peers)
			peers = <-r.More
			return new(magnet.Result), nil
		})
	require.NoError(t, err)
	require.NotEmpty(t, peers)
	for _, p := range peers {
		require.True(t, p.Addr().IsLoopback() && p.Port() == 3, p)
	}
}

// awaitRequest is a peer that says how long its metadata is, and waits for a request for it.
func awaitRequest(ctx context.Context, l net.Listener, size int) error {
	conn, err := l.Accept()
	if err != nil {
		return err
	}
	defer conn.Close()
	ours := handshake.Handshake{PeerID: [20]byte{2}, Reserved: handshake.Bits(handshake.Extended)}
	_, err = handshake.Accept(ctx, conn, func(theirs handshake.Handshake) (handshake.Handshake, error) {
		ours.InfoHash = theirs.InfoHash
		return ours, nil
	}, handshake.Options{})
	if err != nil {
		return err
	}
	hello := peerwire.ExtendedHandshake{M: peerwire.Extensions{peerwire.MetadataName: 9}, MetadataSize: size}
	err = peerwire.NewWriter(conn).Write(peerwire.Message{Kind: peerwire.Extended, Data: hello.AppendTo(nil)})
	for r := peerwire.NewReader(conn, peerwire.Limits{}); err == nil; {
		var m peerwire.Message
		m, err = r.Next()
		if err == nil && m.Kind == peerwire.Extended && m.ExtID == 9 {
			return nil
		}
	}
	return err
}
