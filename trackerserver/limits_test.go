package trackerserver

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// testTimes has f use a connection to a server.
func testTimes(t *testing.T, f func(t *testing.T, c net.Conn)) {
	synctest.Test(t, func(t *testing.T) {
		l := &pipeListener{conns: make(chan net.Conn), closed: make(chan struct{})}
		ctx, cancel := context.WithCancel(context.Background())
		done := make(chan error)
		go func() { done <- New(Config{}).Serve(ctx, l) }()
		near, far := net.Pipe()
		l.conns <- connFrom{far, "192.0.2.1:1"}
		f(t, near)
		near.Close()
		cancel()
		require.NoError(t, <-done)
	})
}

// ended returns how long a connection stays open from now.
func ended(c net.Conn) time.Duration {
	since := time.Now()
	io.Copy(io.Discard, c)
	return time.Since(since)
}

var oneRequest = fmt.Sprintf("GET %s HTTP/1.1\r\nHost: x\r\n\r\n", announceURL(1, ""))

// getAnswer sends a request, some bytes at a time, and reads the answer.
func getAnswer(t *testing.T, c net.Conn, size int, pause time.Duration) {
	t.Helper()
	for b := []byte(oneRequest); len(b) > 0; b = b[min(size, len(b)):] {
		_, err := c.Write(b[:min(size, len(b))])
		require.NoError(t, err)
		time.Sleep(pause)
	}
	r, err := http.ReadResponse(bufio.NewReader(c), nil)
	require.NoError(t, err)
	_, err = io.Copy(io.Discard, r.Body)
	require.NoError(t, err)
}

// TestTimeOfRequest checks that a request may take ten seconds in all, also on a connection
// that had others, and that less is no obstacle.
func TestTimeOfRequest(t *testing.T) {
	for before := range 3 {
		testTimes(t, func(t *testing.T, c net.Conn) {
			for range before {
				getAnswer(t, c, len(oneRequest)/9, time.Second)
				time.Sleep(5 * time.Second)
			}
			begun := time.Now()
			for {
				if _, err := c.Write([]byte("G")); err != nil { // no end of line
					break
				}
				time.Sleep(time.Second)
			}
			took := time.Since(begun)
			require.True(t, 10*time.Second <= took && took <= 12*time.Second, took)
		})
	}
}

// TestTimeOfIdleConnection checks that a connection stays open between requests that come
// again and again, but not for ever.
func TestTimeOfIdleConnection(t *testing.T) {
	testTimes(t, func(t *testing.T, c net.Conn) {
		for range 100 {
			since := time.Now()
			getAnswer(t, c, len(oneRequest), 0)
			getAnswer(t, c, len(oneRequest), 0)
			require.Zero(t, time.Since(since), "nothing waits for watch")
			time.Sleep(29 * time.Second)
		}
		getAnswer(t, c, len(oneRequest), 0)
		took := ended(c)
		require.True(t, 30*time.Second <= took && took <= 31*time.Second, took)
	})
}

// TestTimeOfAnswer checks that a client that does not read its answer is disconnected, also
// if it sent the next request already.
func TestTimeOfAnswer(t *testing.T) {
	for _, requests := range []string{oneRequest, oneRequest + oneRequest, oneRequest + "GET "} {
		testTimes(t, func(t *testing.T, c net.Conn) {
			_, err := c.Write([]byte(requests))
			require.NoError(t, err)
			time.Sleep(15*time.Second - 1)
			_, err = c.Read(make([]byte, 1))
			require.NoError(t, err)
			took := ended(c)
			require.LessOrEqual(t, took, 31*time.Second)
		})
		testTimes(t, func(t *testing.T, c net.Conn) {
			_, err := c.Write([]byte(requests))
			require.NoError(t, err)
			time.Sleep(16*time.Second + 1)
			_, err = c.Read(make([]byte, 1))
			require.ErrorIs(t, err, io.EOF)
		})
	}
}

// TestOpenConnectionsAfterServe checks that a connection that Serve leaves, because its
// listener failed, does not stay open.
func TestOpenConnectionsAfterServe(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &pipeListener{conns: make(chan net.Conn), closed: make(chan struct{})}
		done := make(chan error)
		go func() { done <- New(Config{}).Serve(t.Context(), l) }()
		near, far := net.Pipe()
		l.conns <- connFrom{far, "192.0.2.1:1"}
		l.Close()
		require.Error(t, <-done)
		require.LessOrEqual(t, ended(near), 11*time.Second)
	})
}

// A waiter is a Handler that waits until the peer closes the connection.
type waiter struct{ Handler }

func (waiter) Announce(ctx context.Context, _ *Request, _ *Reply) error {
	<-ctx.Done()
	return ctx.Err()
}

// TestPeerCloses checks that the context of a request ends when the peer closes the
// connection, also of its second request, and when the answer takes too long.
func TestPeerCloses(t *testing.T) {
	for _, stays := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			l := &pipeListener{conns: make(chan net.Conn), closed: make(chan struct{})}
			ctx, cancel := context.WithCancel(context.Background())
			done := make(chan error)
			s := New(Config{Handler: waiter{}})
			go func() { done <- s.Serve(ctx, l) }()
			near, far := net.Pipe()
			l.conns <- connFrom{far, "192.0.2.1:1"}
			near.Write([]byte("HEAD /announce HTTP/1.1\r\nHost: x\r\n\r\n"))
			r, err := http.ReadResponse(bufio.NewReader(near), &http.Request{Method: http.MethodHead})
			require.NoError(t, err)
			require.Equal(t, http.StatusOK, r.StatusCode)
			near.Write([]byte(oneRequest))
			time.Sleep(5 * time.Second)
			require.Zero(t, s.Stats().Refused)
			if stays {
				time.Sleep(9 * time.Second)
				require.Zero(t, s.Stats().Refused)
				require.LessOrEqual(t, ended(near), 2*time.Second, "too long for an answer")
			}
			near.Close()
			synctest.Wait()
			require.EqualValues(t, 1, s.Stats().Refused)
			cancel()
			require.NoError(t, <-done)
		})
	}
}

// TestReadOfClosed checks that a Read on a closed connection is not held back, also if
// it was closed before the request came to the Handler.
func TestReadOfClosed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, far := net.Pipe()
		l := &limitedListener{max: 1}
		c := l.newConn(far)
		l.add(c)
		c.Close()
		c.changed(http.StateActive)
		_, err := c.Read(make([]byte, 1))
		require.ErrorIs(t, err, io.ErrClosedPipe)
	})
}
