package stream

import (
	"bufio"
	"net"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// TestConnectionsMakeRoom checks which connection goes for another.
func TestConnectionsMakeRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cs := &conns{most: 3}
		open := func(addr string, active bool) *conn {
			near, far := net.Pipe()
			t.Cleanup(func() { near.Close() })
			c := &conn{Conn: far, conns: cs, holder: holderOf(addr), idleAt: time.Now()}
			c.active.Store(active)
			time.Sleep(time.Second)
			return c
		}
		const other = "192.0.2.2:1"
		a, b, c := open(here, true), open(here, false), open(here, false)
		for _, one := range []*conn{a, b, c} {
			require.Nil(t, cs.add(one))
		}
		require.Same(t, b, cs.add(open(other, false)), "the one that waited for a request for longest")
		d := open(other, true)
		require.Same(t, c, cs.add(d), "also if another address has fewer")
		require.Same(t, a, cs.all[0])

		cs.changed(cs.all[1], http.StateActive)
		e := open(here, true)
		require.Same(t, e, cs.add(e), "all are in use, and the new one's address has its share")
		a.startWrite()
		d.startRead()
		time.Sleep(longWrite)
		require.Same(t, a, cs.add(e), "it takes nothing")
		cs.changed(e, http.StateIdle)
		time.Sleep(longRead)
		f := open(here, true)
		require.Same(t, e, cs.add(f), "it was idle, which is less than to wait for bytes")
		require.Len(t, cs.all, 3)
		for _, c := range []*conn{a, b, c, d, e, f} {
			c.Close()
			c.Close()
		}
		require.Len(t, cs.all, 1)
	})
}

// TestIdleConnectionsOfAddresses checks that the address goes first that has most idle ones.
func TestIdleConnectionsOfAddresses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cs := &conns{most: 3}
		var all []*conn
		for _, addr := range []string{"192.0.2.2:1", here, here, here} {
			near, far := net.Pipe()
			defer near.Close()
			c := &conn{Conn: far, conns: cs, holder: holderOf(addr), idleAt: time.Now()}
			all = append(all, c)
			time.Sleep(time.Second)
			if victim := cs.add(c); victim != nil {
				require.Same(t, all[1], victim)
			}
		}
		require.Equal(t, []*conn{all[0], all[2], all[3]}, cs.all)
	})
}

// TestStoppedClient checks that the connection of a client ends when another one gets its place,
// although there is room for more connections.
func TestStoppedClient(t *testing.T) {
	torrent := newFake(File{Path: "a", Length: large})
	serveTest(t, Config{MaxReaders: 1}, torrent, func(s *testServer) {
		s.send(s.dial(here), s.get(fileNumber(0)))
		other := s.dial(here)
		s.send(other, s.get(fileNumber(0)))
		require.Equal(t, 2, s.connections())
		_, err := http.ReadResponse(bufio.NewReader(other), nil)
		require.NoError(t, err)
		synctest.Wait()
		require.Equal(t, 1, s.connections())
	})
}
