package stream

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// A pipeListener accepts the far ends of pipes.
type pipeListener struct {
	conns  chan net.Conn
	closed chan struct{}
}

func (l *pipeListener) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

func (l *pipeListener) Close() error {
	select {
	case <-l.closed:
	default:
		close(l.closed)
	}
	return nil
}

func (l *pipeListener) Addr() net.Addr { return &net.TCPAddr{} }

// A connFrom is the far end of a pipe that comes from an address.
type connFrom struct {
	net.Conn
	addr string
}

func (c connFrom) RemoteAddr() net.Addr {
	return net.TCPAddrFromAddrPort(netip.MustParseAddrPort(c.addr))
}

// A testServer serves a torrent to pipes, in a bubble.
type testServer struct {
	t        *testing.T
	handler  *Handler
	torrent  *fakeTorrent
	listener *pipeListener
	done     chan error
	clients  []net.Conn
}

// serveTest runs f with a server in a bubble. Afterwards it checks that nothing is left.
func serveTest(t *testing.T, c Config, torrent *fakeTorrent, f func(s *testServer)) {
	synctest.Test(t, func(t *testing.T) {
		s := &testServer{
			t:        t,
			handler:  newHandler(t, c, torrent),
			torrent:  torrent,
			listener: &pipeListener{conns: make(chan net.Conn), closed: make(chan struct{})},
			done:     make(chan error, 1),
		}
		go func() { s.done <- s.handler.Serve(s.listener) }()
		f(s)
		for _, c := range s.clients {
			c.Close()
		}
		synctest.Wait()
		open, _ := torrent.count()
		require.Zero(t, open, "readers")
		require.NoError(t, s.handler.Shutdown(t.Context()))
		require.NoError(t, <-s.done)
		require.Empty(t, s.handler.readers.taken)
		require.Empty(t, s.handler.archives.taken)
		require.Empty(t, s.handler.pages.taken)
		require.Empty(t, s.handler.budget.open)
		require.Empty(t, s.handler.conns.all)
	})
}

// dial opens a connection from an address.
func (s *testServer) dial(addr string) net.Conn {
	near, far := net.Pipe()
	s.clients = append(s.clients, near)
	s.listener.conns <- connFrom{far, addr}
	synctest.Wait()
	return near
}

// get returns a request for a path below the root.
func (s *testServer) get(path string) string {
	return fmt.Sprintf("GET %s%s HTTP/1.1\r\nHost: localhost\r\n\r\n", s.handler.root, path)
}

// send sends a text while nobody reads it, which pipes do not do by themselves.
func (s *testServer) send(c net.Conn, text string) {
	go c.Write([]byte(text))
	synctest.Wait()
}

// answer reads an answer.
func (s *testServer) answer(c net.Conn) (status int, content string, err error) {
	r, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		return 0, "", err
	}
	b, err := io.ReadAll(r.Body)
	return r.StatusCode, string(b), err
}

// ended returns how long a connection stays open from now.
func ended(c net.Conn) time.Duration {
	since := time.Now()
	io.Copy(io.Discard, c)
	return time.Since(since)
}

// isOpen reports whether a connection is open, on which nothing comes.
func isOpen(c net.Conn) bool {
	c.SetReadDeadline(time.Now().Add(time.Millisecond))
	defer c.SetReadDeadline(time.Time{})
	_, err := c.Read(make([]byte, 1))
	return errors.Is(err, os.ErrDeadlineExceeded)
}

const large = 10 << 20
