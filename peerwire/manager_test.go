package peerwire

import (
	"context"
	"io"
	"net"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/shoal-bt/shoal/swarm"
)

// managed adds a peer to m and returns its number and the far end of the connection.
func managed(t *testing.T, m *Manager) (swarm.Peer, net.Conn) {
	t.Helper()
	near, far := net.Pipe()
	p, err := m.Add(near, PeerInfo{}, Limits{Geometry: small})
	require.NoError(t, err)
	t.Cleanup(func() { far.Close() })
	return p, far
}

// lost receives the last event of p.
func lost(t *testing.T, m *Manager, p swarm.Peer) error {
	t.Helper()
	e, err := m.Receive(t.Context())
	require.NoError(t, err)
	require.Equal(t, p, e.Peer)
	var peerErr *PeerError
	require.ErrorAs(t, e.Err, &peerErr)
	require.Equal(t, p, peerErr.Peer)
	require.ErrorIs(t, m.Send(t.Context(), p, Message{Kind: Choke}), ErrPeerNotFound)
	return e.Err
}

func TestManagerSendsAndReceives(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := NewManager(ManagerConfig{})
		defer m.Close()
		var fars []net.Conn
		for i := range 3 {
			p, far := managed(t, m)
			require.EqualValues(t, i+1, p)
			fars = append(fars, far)
		}
		require.Equal(t, []swarm.Peer{1, 2, 3}, m.Peers())

		for i, far := range fars {
			block := Message{Kind: Piece, Block: swarm.Block{Piece: i, Length: 3}, Data: []byte("abc")}
			go NewWriter(far).Write(Message{Kind: KeepAlive}, Message{Kind: Unknown, ExtID: 99}, block)
			e, err := m.Receive(t.Context())
			require.NoError(t, err)
			require.NoError(t, e.Err)
			require.EqualValues(t, i+1, e.Peer)
			requireSame(t, block, e.Message)

			require.NoError(t, m.Send(t.Context(), e.Peer, Message{Kind: Have, Piece: i}))
			got, err := NewReader(far, Limits{}).Next()
			require.NoError(t, err)
			require.Equal(t, Message{Kind: Have, Piece: i}, got)
		}
		require.EqualValues(t, 3, m.Unknown())
	})
}

// What was received is the receiver's, also when more comes.
func TestManagerGivesDataAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := NewManager(ManagerConfig{})
		defer m.Close()
		_, far := managed(t, m)
		var got []Message
		for _, data := range []string{"abc", "xyz"} {
			go NewWriter(far).Write(Message{Kind: Piece, Data: []byte(data)})
			e, err := m.Receive(t.Context())
			require.NoError(t, err)
			got = append(got, e.Message)
			synctest.Wait()
		}
		require.Equal(t, "abc", string(got[0].Data))
		require.Equal(t, "xyz", string(got[1].Data))
	})
}

func TestManagerRemembersWhoAPeerIs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := NewManager(ManagerConfig{})
		defer m.Close()
		near, far := net.Pipe()
		defer far.Close()
		info := PeerInfo{Addr: netip.MustParseAddrPort("192.0.2.1:1"), Swarm: swarm.ID{1}, ID: swarm.PeerID{2}, Reserved: [8]byte{5: 0x10}}
		p, err := m.Add(near, info, Limits{})
		require.NoError(t, err)
		got, ok := m.Info(p)
		require.True(t, ok)
		require.Equal(t, info, got)
		_, ok = m.Info(p + 1)
		require.False(t, ok)
	})
}

func TestManagerKeepsAlive(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := NewManager(ManagerConfig{Timeout: -1})
		defer m.Close()
		p, far := managed(t, m)
		r := NewReader(far, Limits{})
		began := time.Now()
		next := func(kind Kind, at time.Duration) {
			t.Helper()
			msg, err := r.Next()
			require.NoError(t, err)
			require.Equal(t, kind, msg.Kind)
			require.Equal(t, at, time.Since(began))
		}
		next(KeepAlive, time.Minute)
		next(KeepAlive, 2*time.Minute)
		time.AfterFunc(50*time.Second, func() { m.Send(t.Context(), p, Message{Kind: Choke}) })
		next(Choke, 2*time.Minute+50*time.Second)
		next(KeepAlive, 3*time.Minute+50*time.Second)
	})
}

func TestManagerDropsTheSilent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := NewManager(ManagerConfig{})
		defer m.Close()
		p, far := managed(t, m)
		go io.Copy(io.Discard, far)
		began := time.Now()
		go func() {
			for range 5 { // a peer that keeps alive stays
				time.Sleep(119 * time.Second)
				far.Write([]byte{0, 0, 0, 0})
			}
			// Bytes that never become a message do not count.
			for _, c := range []byte{0, 0, 0, 12, byte(Piece), 0, 0, 0, 0} {
				time.Sleep(30 * time.Second)
				if _, err := far.Write([]byte{c}); err != nil {
					return
				}
			}
		}()
		require.ErrorIs(t, lost(t, m, p), ErrTimeout)
		require.Equal(t, (5*119+120)*time.Second, time.Since(began))
		time.Sleep(time.Minute) // the writer notices
	})
}

func TestManagerDropsWhoTakesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := NewManager(ManagerConfig{})
		defer m.Close()
		p, far := managed(t, m)
		go func() {
			for { // it speaks, but never listens
				if _, err := far.Write([]byte{0, 0, 0, 0}); err != nil {
					return
				}
				time.Sleep(time.Minute)
			}
		}()
		require.NoError(t, m.Send(t.Context(), p, Message{Kind: Choke}))
		began := time.Now()
		require.ErrorIs(t, m.Drain(t.Context(), p), ErrPeerNotFound)
		require.Equal(t, 120*time.Second, time.Since(began))
		require.ErrorIs(t, lost(t, m, p), ErrTimeout)
		time.Sleep(time.Minute)
	})
}

func TestManagerDropsWhoBreaksTheProtocol(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := NewManager(ManagerConfig{})
		defer m.Close()
		p, far := managed(t, m)
		go far.Write(append(words(Have, 1), words(Have, 0xffffffff)...))
		e, err := m.Receive(t.Context())
		require.NoError(t, err)
		require.Equal(t, Message{Kind: Have, Piece: 1}, e.Message)
		requireWrong(t, lost(t, m, p), Have)
		_, err = far.Read(make([]byte, 1))
		require.ErrorIs(t, err, io.EOF)
	})
}

func TestManagerTellsWhoLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := NewManager(ManagerConfig{})
		defer m.Close()
		p, far := managed(t, m)
		far.Close()
		err := lost(t, m, p)
		require.ErrorIs(t, err, ErrDisconnected)
		require.ErrorIs(t, err, io.EOF)
		require.Empty(t, m.Peers())
	})
}

func TestManagerKnowsNoStrangers(t *testing.T) {
	m := NewManager(ManagerConfig{})
	defer m.Close()
	for _, err := range []error{
		m.Send(t.Context(), 7, Message{}),
		m.Drain(t.Context(), 7),
		m.Remove(7),
		m.SetLimits(7, Limits{}),
	} {
		var peerErr *PeerError
		require.ErrorAs(t, err, &peerErr)
		require.EqualValues(t, 7, peerErr.Peer)
		require.ErrorIs(t, err, ErrPeerNotFound)
	}
}

func TestManagerRemove(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := NewManager(ManagerConfig{MaxPeers: 1})
		defer m.Close()
		p, far := managed(t, m)
		_, err := m.Add(far, PeerInfo{}, Limits{})
		require.ErrorIs(t, err, ErrTooManyPeers)

		go far.Write(words(Have, 1))
		synctest.Wait() // the event is in the queue
		require.NoError(t, m.Remove(p))
		require.ErrorIs(t, m.Remove(p), ErrPeerNotFound)
		_, err = far.Read(make([]byte, 1))
		require.ErrorIs(t, err, io.EOF)

		synctest.Wait()
		q, far := managed(t, m) // there is room again
		go far.Write(words(Have, 2))
		e, err := m.Receive(t.Context())
		require.NoError(t, err)
		require.Equal(t, Event{Peer: q, Message: Message{Kind: Have, Piece: 2}}, e)
	})
}

func TestManagerSetLimits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := NewManager(ManagerConfig{})
		defer m.Close()
		near, far := net.Pipe()
		defer far.Close()
		p, err := m.Add(near, PeerInfo{}, Limits{})
		require.NoError(t, err)
		go far.Write(words(Have, 50))
		_, err = m.Receive(t.Context())
		require.NoError(t, err)
		require.NoError(t, m.SetLimits(p, Limits{Geometry: small}))
		go far.Write(words(Have, 50))
		requireWrong(t, lost(t, m, p), Have)
	})
}

func TestManagerSendQueueIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := NewManager(ManagerConfig{SendQueue: 18, Timeout: -1, KeepAlive: -1})
		defer m.Close()
		p, far := managed(t, m)
		have := func(i int) Message { return Message{Kind: Have, Piece: i} }
		require.NoError(t, m.Send(t.Context(), p, have(0)))
		synctest.Wait() // it is being written
		for i := 1; i <= 2; i++ {
			require.NoError(t, m.Send(t.Context(), p, have(i)))
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		require.ErrorIs(t, m.Send(ctx, p, have(3)), context.DeadlineExceeded)
		require.ErrorIs(t, m.Drain(ctx, p), context.DeadlineExceeded)

		// A message longer than the queue fits once it is empty.
		long := Message{Kind: Bitfield, Data: make([]byte, 100)}
		sent := make(chan error)
		go func() { sent <- m.Send(t.Context(), p, long) }()
		r := NewReader(far, Limits{})
		for i := range 3 {
			got, err := r.Next()
			require.NoError(t, err)
			require.Equal(t, have(i), got)
		}
		require.NoError(t, <-sent)
		got, err := r.Next()
		require.NoError(t, err)
		requireSame(t, long, got)
		require.NoError(t, m.Drain(t.Context(), p))
	})
}

func TestManagerReceiveQueueIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const queue = 3
		m := NewManager(ManagerConfig{ReceiveQueue: queue, Timeout: -1})
		defer m.Close()
		_, far := managed(t, m)
		taken := 0
		go func() {
			for i := range 11 {
				if _, err := far.Write(words(Have, uint32(i))); err != nil {
					return
				}
				taken++
			}
			far.Close()
		}()
		synctest.Wait()
		require.Equal(t, queue+1, taken, "one more is held by the peer")
		for i := range 11 {
			e, err := m.Receive(t.Context())
			require.NoError(t, err)
			require.Equal(t, Message{Kind: Have, Piece: i}, e.Message)
		}
		e, err := m.Receive(t.Context())
		require.NoError(t, err)
		require.ErrorIs(t, e.Err, io.EOF)

		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err = m.Receive(ctx)
		require.ErrorIs(t, err, context.DeadlineExceeded)
	})
}

// What a peer sent before it was lost for another reason is still reported.
func TestManagerReportsWhatCameBefore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := NewManager(ManagerConfig{ReceiveQueue: -1, KeepAlive: -1})
		defer m.Close()
		p, far := managed(t, m)
		go far.Write(append(words(Have, 1), words(Have, 2)...))
		synctest.Wait() // the first waits to be received
		require.NoError(t, m.Send(t.Context(), p, Message{Kind: Choke}))
		time.Sleep(3 * time.Minute) // nobody reads it
		for i := 1; i <= 2; i++ {
			e, err := m.Receive(t.Context())
			require.NoError(t, err)
			require.Equal(t, Message{Kind: Have, Piece: i}, e.Message)
		}
		require.ErrorIs(t, lost(t, m, p), ErrTimeout)
	})
}

func TestManagerClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := NewManager(ManagerConfig{ReceiveQueue: -1})
		p, far := managed(t, m)
		go far.Write(words(Have, 1))
		_, silent := managed(t, m)
		_, left := managed(t, m)
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
		require.ErrorIs(t, m.Send(t.Context(), p, Message{}), ErrPeerNotFound)
		_, err := m.Add(silent, PeerInfo{}, Limits{})
		require.ErrorIs(t, err, net.ErrClosed)
		_, err = silent.Read(make([]byte, 1))
		require.ErrorIs(t, err, io.EOF)
	})
}

func TestManagerCloseFreesSenders(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := NewManager(ManagerConfig{SendQueue: 1})
		p, _ := managed(t, m)
		sent := make(chan error)
		go func() {
			for {
				if err := m.Send(t.Context(), p, Message{Kind: Choke}); err != nil {
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
