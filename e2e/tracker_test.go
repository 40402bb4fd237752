package e2e

import (
	"context"
	"net"
	"net/netip"
	"testing"
	"time"

	"github.com/shoal-bt/shoal/httptracker"
	"github.com/shoal-bt/shoal/metainfo/builder"
	"github.com/shoal-bt/shoal/trackerserver"
	"github.com/stretchr/testify/require"
)

// startTracker starts our tracker at addr and returns its announce URL over HTTP. Clients
// may ask again each few seconds, so that those who meet late still meet.
func startTracker(t *testing.T, addr netip.Addr) string {
	t.Helper()
	http, _, _ := startBoth(t, addr)
	return http
}

// startBoth starts our tracker at addr and returns its announce URLs over HTTP and UDP,
// which have one port.
func startBoth(t *testing.T, addr netip.Addr) (http, udp string, tracker *trackerserver.Server) {
	t.Helper()
	l, err := net.Listen("tcp", netip.AddrPortFrom(addr, 0).String())
	require.NoError(t, err)
	c, err := net.ListenPacket("udp", l.Addr().String())
	require.NoError(t, err)
	ctx, stop := context.WithCancel(context.Background())
	// libtorrent does not announce as often, and must not be forgotten meanwhile.
	tracker = trackerserver.New(trackerserver.Config{Interval: 2 * time.Second, Expiry: 2 * limit})
	done := make(chan error, 2)
	go func() { done <- tracker.Serve(ctx, l) }()
	go func() { done <- tracker.ServeUDP(ctx, c) }()
	t.Cleanup(func() {
		stop()
		require.NoError(t, <-done)
		require.NoError(t, <-done)
	})
	return "http://" + l.Addr().String() + "/announce", "udp://" + l.Addr().String() + "/announce", tracker
}

// TestUDPTracker has each client download from us. It knows our tracker over UDP alone,
// and we announce over HTTP.
func TestUDPTracker(t *testing.T) {
	t.Parallel()
	for _, c := range clients {
		t.Run(c.String(), func(t *testing.T) {
			t.Parallel()
			need(t, c)
			here := c.place(t)
			s := shapes[0]
			content := s.make(t, 3)
			http, udp, tracker := startBoth(t, here.ours)
			tor, file := content.torrent(t, builder.Options{PieceLength: s.pieceLength, Tiers: [][]string{{udp}}})
			source, err := httptracker.New(http, httptracker.Config{})
			require.NoError(t, err)
			ours := startShoal(t, here.ours, awaitsDials)
			ours.seed(t, tor, content.dir, source)
			ours.announced(t)

			dir := t.TempDir()
			theirs := c.start(t, here, job{torrent: file, dir: dir, udpTracker: true})
			require.NoError(t, theirs.whole(within(t)))
			theirs.kill()
			content.requireEqual(t, dir, c.leavesOutEmpty())
			stats := tracker.Stats()
			require.Positive(t, stats.UDP.Announces)
			require.Zero(t, stats.Refused+stats.UDP.Unproven+stats.UDP.Ignored, "%+v", stats)
		})
	}
}

// TestUDPTrackerAmongThem has one foreign client download from another one. They know
// each other from our tracker over UDP.
func TestUDPTrackerAmongThem(t *testing.T) {
	t.Parallel()
	for i, c := range clients {
		other := clients[(i+1)%len(clients)]
		t.Run(c.String()+" from "+other.String(), func(t *testing.T) {
			t.Parallel()
			need(t, c)
			need(t, other)
			here := apart(t)
			s := shapes[0]
			content := s.make(t, 4)
			_, udp, tracker := startBoth(t, here.ours)
			_, file := content.torrent(t, builder.Options{PieceLength: s.pieceLength, Tiers: [][]string{{udp}}})
			other.start(t, here, job{torrent: file, dir: content.dir, seed: true, udpTracker: true})
			dir := t.TempDir()
			theirs := c.start(t, apart(t), job{torrent: file, dir: dir, udpTracker: true})
			require.NoError(t, theirs.whole(within(t)))
			theirs.kill()
			content.requireEqual(t, dir, c.leavesOutEmpty())
			require.Equal(t, tracker.Stats().Announces, tracker.Stats().UDP.Announces)
		})
	}
}
