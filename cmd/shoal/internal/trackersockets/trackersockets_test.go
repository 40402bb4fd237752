package trackersockets

import (
	"context"
	"net"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/shoal-bt/shoal/trackerserver"
)

func TestBothHaveOnePort(t *testing.T) {
	s, err := Open("127.0.0.1:0", true, true)
	require.NoError(t, err)
	require.Equal(t, s.HTTP.Addr().String(), s.UDP.LocalAddr().String())
	at, over := s.Addr()
	require.Equal(t, s.HTTP.Addr(), at)
	require.Equal(t, "HTTP and UDP", over)
	_, err = Open(at.String(), true, true)
	require.Error(t, err)
	_, err = Open(at.String(), false, true)
	require.Error(t, err)
	ctx, stop := context.WithCancel(t.Context())
	stop()
	require.NoError(t, s.Serve(ctx, trackerserver.New(trackerserver.Config{})))
	again, err := Open(at.String(), true, true)
	require.NoError(t, err, "both were closed")
	require.NoError(t, again.Serve(ctx, trackerserver.New(trackerserver.Config{})))
}

// TestOneFails checks that the other one ends too.
func TestOneFails(t *testing.T) {
	for _, closed := range []func(s Sockets){func(s Sockets) { s.HTTP.Close() }, func(s Sockets) { s.UDP.Close() }} {
		s, err := Open("127.0.0.1:0", true, true)
		require.NoError(t, err)
		closed(s)
		require.ErrorIs(t, s.Serve(t.Context(), trackerserver.New(trackerserver.Config{})), net.ErrClosed)
	}
}

func TestPortOfUDPTaken(t *testing.T) {
	isClosed := func() bool {
		c, err := net.ListenPacket("udp", "127.0.0.1:0")
		require.NoError(t, err)
		defer c.Close()
		_, err = Open(c.LocalAddr().String(), true, true)
		require.Error(t, err)
		l, err := net.Listen("tcp", c.LocalAddr().String())
		if err != nil {
			return false
		}
		l.Close()
		return true
	}
	// Another program may have TCP at one of the ports, but not at all of them.
	require.True(t, slices.ContainsFunc(make([]int, 10), func(int) bool { return isClosed() }), "TCP was closed again")
	_, err := Open("nowhere", true, true)
	require.Error(t, err)
}
