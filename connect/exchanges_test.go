package connect

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"github.com/shoal-bt/shoal/handshake"
	"github.com/stretchr/testify/require"
)

// Exchanges of keys are bounded for each host, and for all.
func TestExchanges(t *testing.T) {
	var e exchanges
	now := time.Unix(1000, 0)
	allowed := func(n int, addr string) (ok int) {
		for range n {
			if e.allow(now, netip.MustParseAddr(addr)) {
				ok++
			}
		}
		return ok
	}
	require.Equal(t, 20, allowed(1000, "192.0.2.1"), "at once")
	require.Equal(t, 0, allowed(10, "::ffff:192.0.2.1"), "the same host")
	require.Equal(t, 20, allowed(100, "192.0.2.2"), "another host")
	require.Equal(t, 20, allowed(100, "2001:db8::1"))
	require.Equal(t, 0, allowed(100, "2001:db8::ffff:1"), "the same network")
	require.Equal(t, 20, allowed(100, "2001:db8:0:1::1"))
	require.Equal(t, 200, allowed(1000, "10.0.0.1"), "a local host")
	now = now.Add(100 * time.Millisecond)
	require.Equal(t, 1, allowed(10, "192.0.2.1"))
	now = now.Add(time.Hour)
	require.Equal(t, 20, allowed(1000, "192.0.2.1"), "no more than at once")

	total := 0
	now = now.Add(time.Hour)
	for i := range 1000 {
		total += allowed(1, fmt.Sprintf("203.0.%d.%d", i/250, i%250))
	}
	require.Equal(t, allRate, total, "of all hosts")
	now = now.Add(time.Second)
	require.Equal(t, 20, allowed(100, "192.0.2.3"), "a refused host has lost nothing")

	// The number of hosts is bounded by the rate.
	for i := range 40 * allRate {
		now = now.Add(time.Second / allRate)
		require.True(t, e.allow(now, netip.AddrFrom4([4]byte{100, byte(i >> 16), byte(i >> 8), byte(i)})))
		require.LessOrEqual(t, len(e.hosts), maxHosts)
	}
}

// failing is a Secure whose Accept fails.
type failing struct {
	mask
	err error
}

func (f failing) Accept(_ context.Context, c net.Conn, find func([20]byte) ([20]byte, bool)) (net.Conn, error) {
	if f.err == nil {
		find([20]byte{9})
		return nil, errors.New("unknown")
	}
	return nil, f.err
}

// How a Secure failed is told apart, and a host that exchanges keys too often is refused before it
// costs anything; plain connections of the same host are let in.
func TestAcceptSecureErrors(t *testing.T) {
	for _, test := range []struct {
		err error
		why Reason
	}{
		{nil, NoTorrent},
		{io.EOF, HungUp},
		{&net.OpError{Op: "read", Err: errors.New("connection reset by peer")}, HungUp},
		{errors.New("wrong constant"), Foreign},
		{context.DeadlineExceeded, Silent},
	} {
		synctest.Test(t, func(t *testing.T) {
			c := New(Options{Secures: []Secure{failing{mask{7}, test.err}, nil}})
			from := netip.MustParseAddrPort("192.0.2.1:1")
			accept := func(peer Secure) error {
				ours, theirs := net.Pipe()
				defer theirs.Close()
				go dials(peer, them)(theirs)
				_, err := c.Accept(t.Context(), addrConn{ours, from}, func(handshake.Handshake) (handshake.Handshake, error) { return us, nil })
				return err
			}
			for range 20 {
				require.Equal(t, test.why, ReasonOf(accept(mask{7})))
			}
			err := accept(mask{7})
			require.Equal(t, Refused, ReasonOf(err))
			require.ErrorIs(t, err, errManyKeys)
			require.NoError(t, accept(nil))
		})
	}
}

// The socket of an accepted connection can be had when its first bytes are read.
func TestBegunConnHasASocket(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	socket, err := net.Dial("tcp", l.Addr().String())
	require.NoError(t, err)
	defer socket.Close()
	c := &begunConn{socket, []byte("ab")}
	_, err = c.SyscallConn()
	require.ErrorIs(t, err, errNoSocket)
	_, err = io.ReadFull(c, make([]byte, 2))
	require.NoError(t, err)
	_, err = c.SyscallConn()
	require.NoError(t, err)
	ours, theirs := net.Pipe()
	defer theirs.Close()
	_, err = (&begunConn{ours, nil}).SyscallConn()
	require.ErrorIs(t, err, errNoSocket)
}
