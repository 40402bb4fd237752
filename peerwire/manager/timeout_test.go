package manager

import (
	"io"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/shoal-bt/shoal/peerwire"
)

func TestKeepAlives(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := New(Config{Timeout: -1})
		defer m.Close()
		p, far := addPeer(t, m)
		r := peerwire.NewReader(far, peerwire.Limits{})
		began := time.Now()
		next := func(kind peerwire.Kind, at time.Duration) {
			t.Helper()
			msg, err := r.Next()
			require.NoError(t, err)
			require.Equal(t, kind, msg.Kind)
			require.Equal(t, at, time.Since(began))
		}
		next(peerwire.KeepAlive, time.Minute)
		next(peerwire.KeepAlive, 2*time.Minute)
		time.AfterFunc(50*time.Second, func() { m.Send(t.Context(), p, peerwire.Message{Kind: peerwire.Choke}) })
		next(peerwire.Choke, 2*time.Minute+50*time.Second)
		next(peerwire.KeepAlive, 3*time.Minute+50*time.Second)
	})
}

func TestSilentPeerTimesOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := New(Config{})
		defer m.Close()
		p, far := addPeer(t, m)
		go io.Copy(io.Discard, far)
		began := time.Now()
		go func() {
			for range 5 { // keep-alives prevent the timeout
				time.Sleep(119 * time.Second)
				far.Write([]byte{0, 0, 0, 0})
			}
			// An incomplete message does not.
			for _, c := range []byte{0, 0, 0, 12, byte(peerwire.Piece), 0, 0, 0, 0} {
				time.Sleep(30 * time.Second)
				if _, err := far.Write([]byte{c}); err != nil {
					return
				}
			}
		}()
		require.ErrorIs(t, lastEvent(t, m, p), ErrTimeout)
		require.Equal(t, (5*119+120)*time.Second, time.Since(began))
		time.Sleep(time.Minute) // the far end notices
	})
}

func TestPeerThatReadsNothingTimesOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := New(Config{})
		defer m.Close()
		p, far := addPeer(t, m)
		go func() {
			for { // it sends, but never reads
				if _, err := far.Write([]byte{0, 0, 0, 0}); err != nil {
					return
				}
				time.Sleep(time.Minute)
			}
		}()
		require.NoError(t, m.Send(t.Context(), p, peerwire.Message{Kind: peerwire.Choke}))
		began := time.Now()
		require.ErrorIs(t, m.Drain(t.Context(), p), ErrPeerNotFound)
		require.Equal(t, 120*time.Second, time.Since(began))
		require.ErrorIs(t, lastEvent(t, m, p), ErrTimeout)
		time.Sleep(time.Minute)
	})
}

func TestProtocolErrorEndsTheConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := New(Config{})
		defer m.Close()
		p, far := addPeer(t, m)
		go far.Write(append(haveBytes(1), haveBytes(0xffffffff)...))
		e, err := m.Receive(t.Context())
		require.NoError(t, err)
		require.Equal(t, peerwire.Message{Kind: peerwire.Have, Piece: 1}, e.Message)
		requireHaveError(t, lastEvent(t, m, p))
		_, err = far.Read(make([]byte, 1))
		require.ErrorIs(t, err, io.EOF)
	})
}

func TestDisconnectedPeerIsReported(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := New(Config{})
		defer m.Close()
		p, far := addPeer(t, m)
		far.Close()
		err := lastEvent(t, m, p)
		require.ErrorIs(t, err, ErrDisconnected)
		require.ErrorIs(t, err, io.EOF)
		require.Empty(t, m.Peers())
	})
}

// Messages that came before the peer was lost are still reported.
func TestMessagesBeforeTheEndAreReported(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := New(Config{ReceiveQueue: -1, KeepAlive: -1})
		defer m.Close()
		p, far := addPeer(t, m)
		go far.Write(append(haveBytes(1), haveBytes(2)...))
		synctest.Wait() // the reader holds the first message
		require.NoError(t, m.Send(t.Context(), p, peerwire.Message{Kind: peerwire.Choke}))
		time.Sleep(3 * time.Minute) // far does not read it, so writing times out
		for i := 1; i <= 2; i++ {
			e, err := m.Receive(t.Context())
			require.NoError(t, err)
			require.Equal(t, peerwire.Message{Kind: peerwire.Have, Piece: i}, e.Message)
		}
		require.ErrorIs(t, lastEvent(t, m, p), ErrTimeout)
	})
}
