package manager

import (
	"io"
	"net"
	"net/netip"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/shoal-bt/shoal/peerwire"
	"github.com/shoal-bt/shoal/swarm"
)

// geometry is that of a torrent of eleven pieces of 32 KiB, the last of 5 bytes.
var geometry = swarm.Geometry{Length: 10<<15 + 5, PieceLength: 1 << 15}

// haveBytes returns the bytes of a Have message.
func haveBytes(piece uint32) []byte {
	return peerwire.Message{Kind: peerwire.Have, Piece: int(piece)}.AppendTo(nil)
}

// requireHaveError requires that err is a *peerwire.ProtocolError about a Have message.
func requireHaveError(t *testing.T, err error) {
	t.Helper()
	var protocolErr *peerwire.ProtocolError
	require.ErrorAs(t, err, &protocolErr)
	require.Equal(t, peerwire.Have, protocolErr.Message)
}

// requireSame requires that both messages are equal; nil Data equals empty Data.
func requireSame(t *testing.T, want, got peerwire.Message) {
	t.Helper()
	require.Equal(t, string(want.Data), string(got.Data))
	want.Data, got.Data = nil, nil
	require.Equal(t, want, got)
}

// addPeer adds a peer to m and returns its number and the far end of the connection.
func addPeer(t *testing.T, m *Manager) (swarm.Peer, net.Conn) {
	t.Helper()
	near, far := net.Pipe()
	p, err := m.Add(near, PeerInfo{}, peerwire.Limits{Geometry: geometry})
	require.NoError(t, err)
	t.Cleanup(func() { far.Close() })
	return p, far
}

// lastEvent receives the last event of p and returns its error.
func lastEvent(t *testing.T, m *Manager, p swarm.Peer) error {
	t.Helper()
	e, err := m.Receive(t.Context())
	require.NoError(t, err)
	require.Equal(t, p, e.Peer)
	var peerErr *PeerError
	require.ErrorAs(t, e.Err, &peerErr)
	require.Equal(t, p, peerErr.Peer)
	require.ErrorIs(t, m.Send(t.Context(), p, peerwire.Message{Kind: peerwire.Choke}), ErrPeerNotFound)
	return e.Err
}

func TestSendAndReceive(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := New(Config{})
		defer m.Close()
		var fars []net.Conn
		for i := range 3 {
			p, far := addPeer(t, m)
			require.EqualValues(t, i+1, p)
			fars = append(fars, far)
		}
		require.Equal(t, []swarm.Peer{1, 2, 3}, m.Peers())

		for i, far := range fars {
			block := peerwire.Message{Kind: peerwire.Piece, Block: swarm.Block{Piece: i, Length: 3}, Data: []byte("abc")}
			go peerwire.NewWriter(far).Write(peerwire.Message{Kind: peerwire.KeepAlive}, peerwire.Message{Kind: peerwire.Unknown, ExtID: 99}, block)
			e, err := m.Receive(t.Context())
			require.NoError(t, err)
			require.NoError(t, e.Err)
			require.EqualValues(t, i+1, e.Peer)
			requireSame(t, block, e.Message)

			require.NoError(t, m.Send(t.Context(), e.Peer, peerwire.Message{Kind: peerwire.Have, Piece: i}))
			got, err := peerwire.NewReader(far, peerwire.Limits{}).Next()
			require.NoError(t, err)
			require.Equal(t, peerwire.Message{Kind: peerwire.Have, Piece: i}, got)
		}
		require.EqualValues(t, 3, m.Unknown())
	})
}

// Receive's caller owns Data, so later messages do not overwrite it.
func TestReceivedDataIsTheCallers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := New(Config{})
		defer m.Close()
		_, far := addPeer(t, m)
		var got []peerwire.Message
		for _, data := range []string{"abc", "xyz"} {
			go peerwire.NewWriter(far).Write(peerwire.Message{Kind: peerwire.Piece, Data: []byte(data)})
			e, err := m.Receive(t.Context())
			require.NoError(t, err)
			got = append(got, e.Message)
			synctest.Wait()
		}
		require.Equal(t, "abc", string(got[0].Data))
		require.Equal(t, "xyz", string(got[1].Data))
	})
}

func TestInfo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := New(Config{})
		defer m.Close()
		near, far := net.Pipe()
		defer far.Close()
		info := PeerInfo{Addr: netip.MustParseAddrPort("192.0.2.1:1"), Swarm: swarm.ID{1}, ID: swarm.PeerID{2}, Reserved: [8]byte{5: 0x10}}
		p, err := m.Add(near, info, peerwire.Limits{})
		require.NoError(t, err)
		got, ok := m.Info(p)
		require.True(t, ok)
		require.Equal(t, info, got)
		_, ok = m.Info(p + 1)
		require.False(t, ok)
	})
}

func TestUnknownPeerNumber(t *testing.T) {
	m := New(Config{})
	defer m.Close()
	for _, err := range []error{
		m.Send(t.Context(), 7, peerwire.Message{}),
		m.Drain(t.Context(), 7),
		m.Remove(7),
		m.SetLimits(7, peerwire.Limits{}),
	} {
		var peerErr *PeerError
		require.ErrorAs(t, err, &peerErr)
		require.EqualValues(t, 7, peerErr.Peer)
		require.ErrorIs(t, err, ErrPeerNotFound)
	}
}

func TestRemove(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := New(Config{MaxPeers: 1})
		defer m.Close()
		p, far := addPeer(t, m)
		_, err := m.Add(far, PeerInfo{}, peerwire.Limits{})
		require.ErrorIs(t, err, ErrTooManyPeers)

		go far.Write(haveBytes(1))
		synctest.Wait() // the event is in the queue
		require.NoError(t, m.Remove(p))
		require.ErrorIs(t, m.Remove(p), ErrPeerNotFound)
		_, err = far.Read(make([]byte, 1))
		require.ErrorIs(t, err, io.EOF)

		synctest.Wait()
		q, far := addPeer(t, m) // MaxPeers allows one more again
		go far.Write(haveBytes(2))
		e, err := m.Receive(t.Context())
		require.NoError(t, err)
		require.Equal(t, Event{Peer: q, Message: peerwire.Message{Kind: peerwire.Have, Piece: 2}}, e)
	})
}

func TestSetLimits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := New(Config{})
		defer m.Close()
		near, far := net.Pipe()
		defer far.Close()
		p, err := m.Add(near, PeerInfo{}, peerwire.Limits{})
		require.NoError(t, err)
		go far.Write(haveBytes(50))
		_, err = m.Receive(t.Context())
		require.NoError(t, err)
		require.NoError(t, m.SetLimits(p, peerwire.Limits{Geometry: geometry}))
		go far.Write(haveBytes(50))
		requireHaveError(t, lastEvent(t, m, p))
	})
}

func TestClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := New(Config{ReceiveQueue: -1})
		p, far := addPeer(t, m)
		go far.Write(haveBytes(1))
		_, silent := addPeer(t, m)
		_, left := addPeer(t, m)
		left.Close()
		synctest.Wait()
		received := make(chan error)
		go func() {
			for {
				if _, err := m.Receive(t.Context()); err != nil {
					received <- err
					return
				}
			}
		}()
		require.NoError(t, m.Close())
		require.NoError(t, m.Close())
		require.ErrorIs(t, <-received, net.ErrClosed)
		require.ErrorIs(t, m.Send(t.Context(), p, peerwire.Message{}), ErrPeerNotFound)
		_, err := m.Add(silent, PeerInfo{}, peerwire.Limits{})
		require.ErrorIs(t, err, net.ErrClosed)
		_, err = silent.Read(make([]byte, 1))
		require.ErrorIs(t, err, io.EOF)
	})
}

func TestCloseReleasesSenders(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := New(Config{SendQueue: 1})
		p, _ := addPeer(t, m)
		sent := make(chan error)
		go func() {
			for {
				if err := m.Send(t.Context(), p, peerwire.Message{Kind: peerwire.Choke}); err != nil {
					sent <- err
					return
				}
			}
		}()
		synctest.Wait()
		m.Close()
		require.ErrorIs(t, <-sent, ErrPeerNotFound)
	})
}
