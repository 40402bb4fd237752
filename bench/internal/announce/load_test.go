package announce

import (
	"context"
	"net"
	"net/http"
	"net/netip"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/shoal-bt/shoal/trackerserver"
)

// TestLoad fills our tracker and announces for a moment, over both.
func TestLoad(t *testing.T) {
	if !hasAllOfLoopback() {
		t.Skip("this system has one address of loopback")
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	c, err := net.ListenPacket("udp", l.Addr().String())
	require.NoError(t, err)
	ctx, stop := context.WithCancel(t.Context())
	s := trackerserver.New(trackerserver.Config{})
	done := make(chan error, 2)
	go func() { done <- s.Serve(ctx, l) }()
	go func() { done <- s.ServeUDP(ctx, c) }()
	addr := netip.MustParseAddrPort(l.Addr().String())
	for _, isHTTP := range []bool{false, true} {
		load := Load{Addr: addr, HTTP: isHTTP, Peers: 1000, Swarms: 100}
		count, err := load.Fill(t.Context())
		require.NoError(t, err)
		require.Equal(t, Count{Answers: 1000}, count)
		require.Equal(t, trackerserver.Totals{Swarms: 100, Peers: 1000}, s.Stats().Totals)
		count, err = load.Run(t.Context(), 10*time.Millisecond)
		require.NoError(t, err)
		require.Positive(t, count.Answers)
		require.Equal(t, 1000, s.Stats().Peers)
	}
	require.Zero(t, s.Stats().Refused)
	load := Load{Addr: addr, Peers: 1, Swarms: 1}
	require.True(t, load.Ready(t.Context()))
	stop()
	require.NoError(t, <-done)
	require.NoError(t, <-done)
	require.False(t, load.Ready(t.Context()))
	_, err = load.Fill(t.Context())
	require.Error(t, err)
}

// TestLoadMindsErrors checks that an answer that is no success ends the load.
func TestLoadMindsErrors(t *testing.T) {
	if !hasAllOfLoopback() {
		t.Skip("this system has one address of loopback")
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	s := &http.Server{Handler: trackerserver.New(trackerserver.Config{Handler: refuser{}})}
	go s.Serve(l)
	defer s.Close()
	load := Load{Addr: netip.MustParseAddrPort(l.Addr().String()), HTTP: true, Peers: 8, Swarms: 1}
	_, err = load.Fill(t.Context())
	require.ErrorContains(t, err, "not today")
}

type refuser struct{ trackerserver.Handler }

func (refuser) Announce(context.Context, *trackerserver.Request, *trackerserver.Reply) error {
	return &trackerserver.Refusal{Reason: "not today"}
}

func hasAllOfLoopback() bool {
	c, err := net.ListenPacket("udp4", "127.1.0.1:0")
	if err != nil {
		return false
	}
	c.Close()
	return true
}
