package e2e

import (
	"context"
	"net"
	"net/netip"
	"testing"
	"time"

	"github.com/shoal-bt/shoal/trackerserver"
	"github.com/stretchr/testify/require"
)

// startTracker starts our tracker at addr and returns its announce URL. Clients
// may ask again each few seconds, so that those who meet late still meet.
func startTracker(t *testing.T, addr netip.Addr) string {
	t.Helper()
	l, err := net.Listen("tcp", netip.AddrPortFrom(addr, 0).String())
	require.NoError(t, err)
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() {
		done <- trackerserver.New(trackerserver.Config{Interval: 2 * time.Second}).Serve(ctx, l)
	}()
	t.Cleanup(func() {
		stop()
		require.NoError(t, <-done)
	})
	return "http://" + l.Addr().String() + "/announce"
}
