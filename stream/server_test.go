package stream

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// TestSilentConnections opens many connections that say nothing, and checks that another client
// of the same address is served at once.
func TestSilentConnections(t *testing.T) {
	serveTest(t, Config{MaxConns: 50}, newFake(File{Path: "a", Length: 3}), func(s *testServer) {
		var silent []net.Conn
		for range 500 {
			silent = append(silent, s.dial(here))
			require.LessOrEqual(t, len(s.handler.conns.all), 50)
		}
		require.Less(t, runtime.NumGoroutine(), 200)
		since := time.Now()
		c := s.dial(here)
		s.send(c, s.get(fileNumber(0)))
		status, content, err := s.answer(c)
		require.NoError(t, err)
		require.Equal(t, http.StatusOK, status)
		require.Equal(t, bytesOf(0, 0, 3), content)
		require.Zero(t, time.Since(since))
		require.False(t, isOpen(silent[450]))
		require.True(t, isOpen(silent[499]))
	})
}

// TestTimes checks how long a connection may say nothing.
func TestTimes(t *testing.T) {
	torrent := newFake(File{Path: "a", Length: 3})
	serveTest(t, Config{}, torrent, func(s *testServer) {
		require.Equal(t, headerTimeout, ended(s.dial(here)))

		c := s.dial(here)
		since := time.Now()
		go io.Copy(io.Discard, c)
		for range 100 { // a header that never ends
			_, err := c.Write([]byte("X"))
			if err != nil {
				break
			}
			time.Sleep(time.Second)
		}
		require.InDelta(t, headerTimeout, time.Since(since), float64(2*time.Second))

		c = s.dial(here)
		for range 3 {
			s.send(c, s.get(fileNumber(0)))
			_, _, err := s.answer(c)
			require.NoError(t, err)
			time.Sleep(idleTimeout - time.Second)
		}
		require.Equal(t, time.Second, ended(c))

		c = s.dial(here) // nobody reads what is wrong with the header
		s.send(c, "\r\nGET\r\n\r\n")
		time.Sleep(shortTimeout)
		synctest.Wait()
		require.Empty(t, s.handler.conns.all)
	})
}

// TestLargeHeader checks that a header is bounded.
func TestLargeHeader(t *testing.T) {
	serveTest(t, Config{}, newFake(File{Path: "a", Length: 3}), func(s *testServer) {
		c := s.dial(here)
		s.send(c, "GET / HTTP/1.1\r\nHost: localhost\r\nX: "+strings.Repeat("x", 128<<10)+"\r\n\r\n")
		status, _, _ := s.answer(c)
		require.Equal(t, http.StatusRequestHeaderFieldsTooLarge, status)
	})
}

// TestManyRanges sends 10,000 ranges in one header.
func TestManyRanges(t *testing.T) {
	serveTest(t, Config{}, newFake(File{Path: "a", Length: 30}), func(s *testServer) {
		c := s.dial(here)
		ranges := "Range: bytes=" + strings.Repeat("1-2,", 10_000) + "3-4\r\n\r\n"
		s.send(c, strings.TrimSuffix(s.get(fileNumber(0)), "\r\n")+ranges)
		status, content, err := s.answer(c)
		require.NoError(t, err)
		require.Equal(t, http.StatusOK, status)
		require.Equal(t, bytesOf(0, 0, 30), content)
	})
}

// TestArchivesAreBounded checks that archives, whose plans take memory, have fewer places.
func TestArchivesAreBounded(t *testing.T) {
	torrent := newFake(File{Path: "a", Length: large})
	torrent.missing = true
	serveTest(t, Config{MaxReaders: 16}, torrent, func(s *testServer) {
		for range 10 {
			s.send(s.dial(here), s.get(testID+"/zip/x"))
		}
		require.Len(t, s.handler.archives.taken, 2)
		s.send(s.dial(here), s.get(fileNumber(0)))
		require.Len(t, s.handler.readers.taken, 1)
	})
}

// TestSlowClients has 500 clients that know the token take nothing of a file, and checks that
// another one is served, and that it is not disturbed when more of them come.
func TestSlowClients(t *testing.T) {
	for name, path := range map[string]string{"a file": fileNumber(0), "an archive": testID + "/zip/x", "a page": testID + "/"} {
		t.Run(name, func(t *testing.T) {
			torrent := manyFiles(2000)
			torrent.files[0].Length = large
			serveTest(t, Config{MaxReaders: 20, MaxConns: 100}, torrent, func(s *testServer) {
				slow := func() {
					c := s.dial(here)
					s.send(c, s.get(path))
				}
				for range 500 {
					slow()
					open, _ := torrent.count()
					require.LessOrEqual(t, open, 20)
					require.LessOrEqual(t, len(s.handler.conns.all), 100)
				}
				require.Less(t, runtime.NumGoroutine(), 500)
				since := time.Now()
				var c net.Conn
				var r *http.Response
				for { // as a browser does that is refused at first
					c = s.dial(here)
					s.send(c, s.get(fileNumber(0)))
					var err error
					r, err = http.ReadResponse(bufio.NewReader(c), nil)
					if err == nil && r.StatusCode == http.StatusOK {
						break
					}
					c.Close()
					time.Sleep(time.Second)
				}
				require.LessOrEqual(t, time.Since(since), 3*time.Second)
				buf := make([]byte, large/50)
				for i := range 50 {
					slow()
					_, err := io.ReadFull(r.Body, buf)
					require.NoError(t, err, i)
					time.Sleep(time.Second)
				}
			})
		})
	}
}

// TestClientIsGone checks that a reader that waits for bytes ends when its client is gone, also if
// the client had sent more requests.
func TestClientIsGone(t *testing.T) {
	for name, more := range map[string]string{"one request": "", "a second": "GET / HTTP/1.1\r\n\r\n", "half of a second": "G"} {
		t.Run(name, func(t *testing.T) {
			torrent := newFake(File{Path: "a", Length: large})
			torrent.missing = true
			serveTest(t, Config{}, torrent, func(s *testServer) {
				c := s.dial(here)
				s.send(c, s.get(fileNumber(0)))
				s.send(c, more)
				time.Sleep(time.Hour)
				open, _ := torrent.count()
				require.Equal(t, 1, open)
				c.Close()
				synctest.Wait()
				open, _ = torrent.count()
				require.Zero(t, open)
			})
		})
	}
}

// TestPipelining checks that requests that come early are answered in their order, and that too
// many end the one under way.
func TestPipelining(t *testing.T) {
	torrent := newFake(File{Path: "a", Length: 3}, File{Path: "b", Length: large})
	serveTest(t, Config{}, torrent, func(s *testServer) {
		c := s.dial(here)
		in := bufio.NewReader(c)
		s.send(c, s.get(fileNumber(1)))
		s.send(c, s.get(fileNumber(0))+s.get(fileNumber(0)))
		for _, want := range []string{bytesOf(1, 0, large), bytesOf(0, 0, 3), bytesOf(0, 0, 3)} {
			r, err := http.ReadResponse(in, nil)
			require.NoError(t, err)
			b, err := io.ReadAll(r.Body)
			require.NoError(t, err)
			require.Equal(t, want, string(b))
		}

		torrent.missing = true
		c = s.dial(here)
		s.send(c, s.get(fileNumber(1)))
		s.send(c, strings.Repeat(s.get(fileNumber(0)), 100))
		open, _ := torrent.count()
		require.Zero(t, open, "it sent too much")
	})
}

// TestBody checks that a request with a body is refused: net/http does not see its client go.
func TestBody(t *testing.T) {
	torrent := newFake(File{Path: "a", Length: large})
	torrent.missing = true
	serveTest(t, Config{}, torrent, func(s *testServer) {
		for _, header := range []string{"Content-Length: 5", "Transfer-Encoding: chunked"} {
			c := s.dial(here)
			s.send(c, strings.TrimSuffix(s.get(fileNumber(0)), "\r\n")+header+"\r\n\r\n")
			r, err := http.ReadResponse(bufio.NewReader(c), nil)
			require.NoError(t, err)
			require.Equal(t, http.StatusBadRequest, r.StatusCode)
			require.Less(t, ended(c), 5*time.Second)

			c = s.dial(here)
			s.send(c, "POST / HTTP/1.1\r\nHost: localhost\r\n"+header+"\r\n\r\n")
			r, err = http.ReadResponse(bufio.NewReader(c), nil)
			require.NoError(t, err)
			require.Equal(t, http.StatusNotFound, r.StatusCode)
			require.Less(t, ended(c), 5*time.Second, "without the token")
		}
	})
}

// TestWriteTimeout checks that a paused player keeps its connection, but not for ever.
func TestWriteTimeout(t *testing.T) {
	serveTest(t, Config{WriteTimeout: time.Hour}, newFake(File{Path: "a", Length: large}), func(s *testServer) {
		c := s.dial(here)
		s.send(c, s.get(fileNumber(0)))
		in := bufio.NewReader(c)
		r, err := http.ReadResponse(in, nil)
		require.NoError(t, err)
		for range 3 {
			time.Sleep(time.Hour - time.Second)
			_, err = io.ReadFull(r.Body, make([]byte, 1<<20))
			require.NoError(t, err)
		}
		time.Sleep(time.Hour + time.Second)
		_, err = io.ReadAll(r.Body)
		require.Error(t, err)
	})
}

// TestShutdown checks that what is under way may end, until the context does.
func TestShutdown(t *testing.T) {
	torrent := newFake(File{Path: "a", Length: large})
	torrent.missing = true
	synctest.Test(t, func(t *testing.T) {
		h := newHandler(t, Config{}, torrent)
		l := &pipeListener{conns: make(chan net.Conn), closed: make(chan struct{})}
		done := make(chan error, 1)
		go func() { done <- h.Serve(l) }()
		near, far := net.Pipe()
		l.conns <- connFrom{far, here}
		go fmt.Fprintf(near, "GET %s%s HTTP/1.1\r\nHost: localhost\r\n\r\n", h.root, fileNumber(0))
		go io.Copy(io.Discard, near)
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		since := time.Now()
		require.ErrorIs(t, h.Shutdown(ctx), context.DeadlineExceeded)
		require.InDelta(t, 5*time.Second, time.Since(since), float64(time.Second))
		require.NoError(t, <-done)
		synctest.Wait()
		open, opened := torrent.count()
		require.Zero(t, open)
		require.Equal(t, 1, opened)
		near.Close()
	})
}

// TestConnectionsOfAddresses checks that one address does not shut out another.
func TestConnectionsOfAddresses(t *testing.T) {
	torrent := newFake(File{Path: "a", Length: large})
	torrent.missing = true
	serveTest(t, Config{MaxConns: 4}, torrent, func(s *testServer) {
		var greedy []net.Conn
		for i := range 4 {
			c := s.dial(fmt.Sprintf("192.0.2.1:%d", i+1))
			s.send(c, s.get(fileNumber(0)))
			greedy = append(greedy, c)
		}
		refused := s.dial("192.0.2.1:9")
		require.False(t, isOpen(refused), "all of its connections are used")
		other := s.dial("192.0.2.2:1")
		require.True(t, isOpen(other), "another address has its share")
		open, _ := torrent.count()
		require.Equal(t, 3, open)
		_, err := http.ReadResponse(bufio.NewReader(greedy[0]), nil)
		require.Error(t, err)
	})
}
