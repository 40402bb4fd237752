package manager

import (
	"context"
	"io"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/shoal-bt/shoal/peerwire"
)

func TestSendQueueIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := New(Config{SendQueue: 18, Timeout: -1, KeepAlive: -1})
		defer m.Close()
		p, far := addPeer(t, m)
		have := func(i int) peerwire.Message { return peerwire.Message{Kind: peerwire.Have, Piece: i} }
		require.NoError(t, m.Send(t.Context(), p, have(0)))
		synctest.Wait() // the writer has taken it
		for i := 1; i <= 2; i++ {
			require.NoError(t, m.Send(t.Context(), p, have(i)))
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		require.ErrorIs(t, m.Send(ctx, p, have(3)), context.DeadlineExceeded)
		require.ErrorIs(t, m.Drain(ctx, p), context.DeadlineExceeded)

		// A message longer than the queue is queued once the queue is empty.
		long := peerwire.Message{Kind: peerwire.Bitfield, Data: make([]byte, 100)}
		sent := make(chan error)
		go func() { sent <- m.Send(t.Context(), p, long) }()
		r := peerwire.NewReader(far, peerwire.Limits{})
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

func TestReceiveQueueIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const queue = 3
		m := New(Config{ReceiveQueue: queue, Timeout: -1})
		defer m.Close()
		_, far := addPeer(t, m)
		taken := 0
		go func() {
			for i := range 11 {
				if _, err := far.Write(haveBytes(uint32(i))); err != nil {
					return
				}
				taken++
			}
			far.Close()
		}()
		synctest.Wait()
		require.Equal(t, queue+1, taken, "the queue, and one message that the peer's reader holds")
		for i := range 11 {
			e, err := m.Receive(t.Context())
			require.NoError(t, err)
			require.Equal(t, peerwire.Message{Kind: peerwire.Have, Piece: i}, e.Message)
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
