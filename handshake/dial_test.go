package handshake

import (
	"context"
	"net"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

func TestDial(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			if _, err := Accept(context.Background(), c, answer, Options{}); err != nil {
				c.Close()
			}
		}
	}()
	c, theirs, err := Dial(t.Context(), &net.Dialer{}, l.Addr().String(), dialing, Options{})
	require.NoError(t, err)
	require.Equal(t, answering.PeerID, theirs.PeerID)
	require.NoError(t, c.Close())

	unknown := dialing
	unknown.InfoHash = [20]byte{9}
	c, _, err = Dial(t.Context(), &net.Dialer{}, l.Addr().String(), unknown, Options{})
	require.Error(t, err)
	require.Nil(t, c)
}

// dialFunc is a Dialer.
type dialFunc func(ctx context.Context, network, address string) (net.Conn, error)

func (f dialFunc) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	return f(ctx, network, address)
}

func TestDialAsksTheFiltersFirst(t *testing.T) {
	var s Filters
	s.Add(ByAddr(func(a netip.AddrPort) Decision {
		if a.Addr() == netip.MustParseAddr("192.0.2.1") {
			return Block
		}
		return Pass
	}))
	d := dialFunc(func(context.Context, string, string) (net.Conn, error) {
		t.Error("dialed")
		return nil, net.ErrClosed
	})
	_, _, err := Dial(t.Context(), d, "[::ffff:192.0.2.1]:1", dialing, Options{Filters: &s})
	require.ErrorIs(t, err, ErrBlocked)
}

func TestDialTimeoutToConnect(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := dialFunc(func(ctx context.Context, network, address string) (net.Conn, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		})
		began := time.Now()
		_, _, err := Dial(t.Context(), d, "192.0.2.1:1", dialing, Options{ConnectTimeout: 2 * time.Second})
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.Equal(t, 2*time.Second, time.Since(began))

		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		_, _, err = Dial(ctx, d, "192.0.2.1:1", dialing, Options{ConnectTimeout: -1})
		require.ErrorIs(t, err, context.Canceled)
	})
}
