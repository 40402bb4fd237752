package simnet

import (
	"bytes"
	"context"
	"io"
	"net"
	"os"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// connect returns both ends of a connection between two hosts.
func connect(t *testing.T, a, b Link) (net.Conn, net.Conn, *Host) {
	n := New()
	from, to := n.Host("10.0.0.1", a), n.Host("10.0.0.2", b)
	l, err := to.Listen(0)
	require.NoError(t, err)
	c, err := from.DialContext(t.Context(), "tcp", l.Addr().String())
	require.NoError(t, err)
	d, err := l.Accept()
	require.NoError(t, err)
	t.Cleanup(func() { l.Close(); c.Close(); d.Close() })
	return c, d, to
}

func bubble(t *testing.T, f func(t *testing.T)) {
	t.Helper()
	synctest.Test(t, f)
}

func TestBytesArriveInOrder(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c, d, _ := connect(t, Link{}, Link{})
		sent := make([]byte, 5<<20)
		for i := range sent {
			sent[i] = byte(i * i >> 8)
		}
		var wg sync.WaitGroup
		for _, way := range [][2]net.Conn{{c, d}, {d, c}} {
			wg.Go(func() {
				n, err := way[0].Write(sent)
				require.NoError(t, err)
				require.Equal(t, len(sent), n)
			})
			wg.Go(func() {
				got := make([]byte, len(sent))
				_, err := io.ReadFull(way[1], got)
				require.NoError(t, err)
				require.True(t, bytes.Equal(sent, got))
			})
		}
		wg.Wait()
		require.Equal(t, c.LocalAddr().String(), d.RemoteAddr().String())
		require.Equal(t, c.RemoteAddr().String(), d.LocalAddr().String())
	})
}

func TestDelayAndRate(t *testing.T) {
	bubble(t, func(t *testing.T) {
		start := time.Now()
		c, d, _ := connect(t, Link{Delay: 20 * time.Millisecond, Up: 100_000}, Link{Delay: 30 * time.Millisecond, Down: 1_000_000})
		require.Equal(t, 100*time.Millisecond, time.Since(start), "dialing takes a round trip")
		start = time.Now()
		_, err := c.Write([]byte("x"))
		require.NoError(t, err)
		_, err = d.Read(make([]byte, 1))
		require.NoError(t, err)
		require.InDelta(t, 0.05, time.Since(start).Seconds(), 0.001)

		start = time.Now()
		go c.Write(make([]byte, 1_000_000))
		_, err = io.ReadFull(d, make([]byte, 1_000_000))
		require.NoError(t, err)
		require.InDelta(t, 10, time.Since(start).Seconds(), 0.2, "the slower line decides")
	})
}

func TestDeadlines(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c, _, _ := connect(t, Link{}, Link{})
		buf := make([]byte, 1)
		for _, at := range []time.Time{time.Unix(1, 0), time.Now().Add(time.Second)} {
			require.NoError(t, c.SetReadDeadline(at))
			_, err := c.Read(buf)
			require.ErrorIs(t, err, os.ErrDeadlineExceeded)
		}
		// A deadline wakes who waits already, and can be taken back.
		require.NoError(t, c.SetReadDeadline(time.Time{}))
		time.AfterFunc(time.Second, func() { c.SetDeadline(time.Unix(1, 0)) })
		_, err := c.Read(buf)
		require.ErrorIs(t, err, os.ErrDeadlineExceeded)
		_, err = c.Write(buf)
		require.ErrorIs(t, err, os.ErrDeadlineExceeded)
		var timeout net.Error
		require.ErrorAs(t, err, &timeout)
		require.True(t, timeout.Timeout())
		require.NoError(t, c.SetDeadline(time.Time{}))
		_, err = c.Write(buf)
		require.NoError(t, err)

		// A write that finds no room ends at its deadline, with what it has sent.
		require.NoError(t, c.SetWriteDeadline(time.Now().Add(time.Second)))
		n, err := c.Write(make([]byte, 2*window))
		require.ErrorIs(t, err, os.ErrDeadlineExceeded)
		require.Equal(t, window-1, n)
	})
}

func TestCloseWakesBothEnds(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c, d, _ := connect(t, Link{Delay: time.Second}, Link{})
		_, err := c.Write([]byte("last words"))
		require.NoError(t, err)
		time.AfterFunc(time.Minute, func() { c.Close() })
		_, err = c.Read(make([]byte, 1))
		require.ErrorIs(t, err, net.ErrClosed)
		_, err = c.Write([]byte("x"))
		require.ErrorIs(t, err, net.ErrClosed)
		require.Error(t, c.Close())
		got, err := io.ReadAll(d)
		require.NoError(t, err)
		require.Equal(t, "last words", string(got))
		_, err = d.Write([]byte("x"))
		require.ErrorIs(t, err, io.ErrClosedPipe)
	})
}

func TestVanish(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c, d, host := connect(t, Link{}, Link{})
		_, err := c.Write([]byte("x"))
		require.NoError(t, err)
		host.Vanish()
		_, err = d.Read(make([]byte, 1))
		require.NoError(t, err, "what arrived is there")
		for range 10 {
			c.SetWriteDeadline(time.Now().Add(time.Minute))
			if _, err = c.Write(make([]byte, window/4)); err != nil {
				break
			}
		}
		require.ErrorIs(t, err, os.ErrDeadlineExceeded, "what is not taken fills the line")
		d.SetReadDeadline(time.Now().Add(time.Hour))
		_, err = d.Read(make([]byte, 1))
		require.ErrorIs(t, err, os.ErrDeadlineExceeded)
	})
}

func TestDialing(t *testing.T) {
	bubble(t, func(t *testing.T) {
		n := New()
		a, b := n.Host("10.0.0.1", Link{}), n.Host("10.0.0.2", Link{})
		_, err := a.DialContext(t.Context(), "tcp", "10.0.0.2:80")
		require.ErrorIs(t, err, errRefused)
		l, err := b.Listen(80)
		require.NoError(t, err)
		_, err = b.Listen(80)
		require.Error(t, err)
		c, err := a.DialContext(t.Context(), "tcp", "10.0.0.2:80")
		require.NoError(t, err)
		require.NoError(t, l.Close())
		_, err = l.Accept()
		require.ErrorIs(t, err, net.ErrClosed)
		_, err = c.Read(make([]byte, 1))
		require.ErrorIs(t, err, io.EOF, "what nobody accepted is closed")
		c.Close()
		b.Vanish()
		_, err = b.Listen(80)
		require.NoError(t, err)
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		_, err = a.DialContext(ctx, "tcp", "10.0.0.2:80")
		require.ErrorIs(t, err, context.DeadlineExceeded)
	})
}
