package trackerserver

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// A connFrom is the far end of a pipe that comes from an address.
type connFrom struct {
	net.Conn
	addr string
}

func (c connFrom) RemoteAddr() net.Addr {
	return net.TCPAddrFromAddrPort(netip.MustParseAddrPort(c.addr))
}

// TestConnectionsOfOneAddress opens many connections from one address, which send
// nothing, and checks that another address is answered at once.
func TestConnectionsOfOneAddress(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &pipeListener{conns: make(chan net.Conn), closed: make(chan struct{})}
		ctx, cancel := context.WithCancel(context.Background())
		done := make(chan error)
		go func() { done <- New(Config{MaxConns: 10}).Serve(ctx, l) }()
		open := func(addr string) (near net.Conn) {
			near, far := net.Pipe()
			l.conns <- connFrom{far, addr}
			synctest.Wait()
			return near
		}
		isOpen := func(c net.Conn) bool {
			c.SetReadDeadline(time.Now().Add(time.Millisecond))
			_, err := c.Read(make([]byte, 1))
			return errors.Is(err, os.ErrDeadlineExceeded)
		}
		honest := open("198.51.100.1:1")
		var silent []net.Conn
		for i := range 100 {
			silent = append(silent, open(fmt.Sprintf("192.0.2.1:%d", 1+i)))
		}
		require.True(t, isOpen(honest))
		for i, c := range silent {
			require.Equal(t, i >= 91, isOpen(c), i)
		}
		for i, addr := range []string{"198.51.100.1:2", "198.51.100.2:1"} {
			c := open(addr)
			fmt.Fprintf(c, "GET %s HTTP/1.1\r\nHost: x\r\n\r\n", announceURL(i, ""))
			resp, err := http.ReadResponse(bufio.NewReader(c), nil)
			require.NoError(t, err)
			require.Equal(t, http.StatusOK, resp.StatusCode)
		}
		require.False(t, isOpen(silent[92]), "the oldest of the address made room")
		require.True(t, isOpen(silent[93]))
		cancel()
		time.Sleep(time.Minute)
		require.NoError(t, <-done)
	})
}

func TestConnectionsMakeRoom(t *testing.T) {
	l := &limitedListener{max: 3}
	var all []*limitedConn
	open := func(addr string) *limitedConn {
		near, far := net.Pipe()
		t.Cleanup(func() { near.Close() })
		c := l.newConn(far)
		c.holder = holderOf(netip.MustParseAddrPort(addr).Addr())
		all = append(all, c)
		victim := l.add(c)
		if victim != nil {
			victim.Close()
			victim.Close()
		}
		return victim
	}
	require.Nil(t, open("192.0.2.1:1"))
	require.Nil(t, open("192.0.2.2:1"))
	require.Nil(t, open("192.0.2.3:1"))
	require.Same(t, all[0], open("192.0.2.4:1"), "the oldest, because all have one")
	require.Same(t, all[1], open("192.0.2.4:2"))
	require.Same(t, all[3], open("192.0.2.3:2"), "the oldest of the address that has most")
	for _, c := range all {
		c.Close()
	}
	require.Zero(t, l.all.Len())
	require.Empty(t, l.open)
	require.Zero(t, l.count.index.size())
}
