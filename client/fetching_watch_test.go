package client

import (
	"io"
	"net"
	"net/netip"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/shoal-bt/shoal/metainfo/builder"
	"github.com/shoal-bt/shoal/swarm"
)

// peerAt accepts one connection, which do ends.
func peerAt(t *testing.T, do func(net.Conn)) netip.AddrPort {
	t.Helper()
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	require.NoError(t, err)
	done := make(chan struct{})
	go func() {
		defer close(done)
		conn, err := l.Accept()
		if err == nil {
			do(conn)
			conn.Close()
		}
	}()
	t.Cleanup(func() {
		l.Close()
		<-done
	})
	return l.Addr().(*net.TCPAddr).AddrPort()
}

// TestFetchShowsWhatItMeets has the events and the figures that a running torrent has, of a peer
// that goes away in the handshake, of one that stays for a while, and of a source.
func TestFetchShowsWhatItMeets(t *testing.T) {
	meta, _ := smallTorrent(t, builder.Options{})
	hangsUp := peerAt(t, func(c net.Conn) { io.ReadFull(c, make([]byte, 68)) })
	leave := make(chan struct{})
	stays := peerAt(t, func(c net.Conn) {
		hello := make([]byte, 68)
		io.ReadFull(c, hello)
		copy(hello[48:], "-XX0001-000000000000")
		c.Write(hello)
		<-leave
	})
	c, err := New(Config{Dir: t.TempDir(), State: Off, Listen: Off})
	require.NoError(t, err)
	defer c.Close()
	events := c.Events(OnPeerConnected|OnPeerLost|OnPeerFailed|OnSourceReply|OnRemoved, 0)
	list := swarm.List{{AddrPort: stays}}
	tor, err := c.Add(t.Context(), linkOf(meta), AddOptions{Peers: []netip.AddrPort{hangsUp}, Sources: []swarm.PeerSource{list}})
	require.NoError(t, err)
	seen := make(map[EventMask]Event)
	await := func(kinds ...EventMask) {
		t.Helper()
		for _, kind := range kinds {
			for seen[kind] == nil {
				e, err := events.Next(within(t))
				require.NoError(t, err)
				seen[e.Kind()] = e
			}
		}
	}
	await(OnPeerFailed, OnPeerConnected, OnSourceReply)
	failed := seen[OnPeerFailed].(PeerFailed)
	require.Equal(t, hangsUp, failed.Addr)
	require.Equal(t, tor.ID(), failed.Torrent)
	require.ErrorIs(t, ErrorOf(failed), ErrHungUp)
	require.True(t, failed.Retry.After(time.Now()))
	require.Equal(t, stays, seen[OnPeerConnected].(PeerConnected).Addr)
	peers := tor.Peers()
	require.Len(t, peers, 1)
	require.Equal(t, stays, peers[0].Addr)
	require.True(t, peers[0].Outgoing)
	sources := tor.Sources()
	require.Len(t, sources, 1)
	require.Equal(t, 1, sources[0].Peers)
	require.Equal(t, 1, seen[OnSourceReply].(SourceReply).Peers)
	close(leave)
	await(OnPeerLost)
	require.Empty(t, tor.Peers())
	require.NoError(t, c.Close())
	await(OnRemoved)
}
