package client_test

import (
	"context"
	"errors"
	"net"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/shoal-bt/shoal/client"
	"github.com/shoal-bt/shoal/swarm"
	"github.com/shoal-bt/shoal/trackerserver"
)

// udpTracker starts a UDP tracker with a passkey in its URL.
func udpTracker(t *testing.T) (announce string, n *recordingTracker) {
	t.Helper()
	conn, err := net.ListenPacket("udp4", "127.0.0.1:0")
	require.NoError(t, err)
	n = &recordingTracker{Memory: trackerserver.NewMemory(trackerserver.Config{})}
	ctx, stop := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- trackerserver.New(trackerserver.Config{Handler: n}).ServeUDP(ctx, conn) }()
	t.Cleanup(func() {
		stop()
		require.NoError(t, <-served)
	})
	return "udp://" + conn.LocalAddr().String() + "/" + passkey, n
}

// announces returns the number of announces that came.
func (n *recordingTracker) announces() int {
	n.mu.Lock()
	defer n.mu.Unlock()
	return len(n.requests)
}

// Clients meet at a UDP tracker that shares its tier with an HTTP tracker that is down.
func TestUDPTrackers(t *testing.T) {
	udp, n := udpTracker(t)
	down, _ := net.Listen("tcp4", "127.0.0.1:0")
	require.NoError(t, down.Close())
	tiers := [][]string{{"http://" + down.Addr().String() + "/announce"}, {udp}}
	seeder := newClient(t, client.Config{})
	o := small()
	o.Build.Tiers = tiers
	o.Build.Private = true
	seed, err := seeder.Seed(within(t), folder(t), o)
	require.NoError(t, err)
	eventually(t, func() bool { return seed.Trackers()[1].Working })
	all := seed.Trackers()
	require.Error(t, all[0].Err)
	require.NotContains(t, all[1].URL, passkey)
	require.Equal(t, tiers, seed.AnnounceURLs())

	c, err := client.New(client.Config{Dir: t.TempDir(), State: client.Off, Listen: "127.0.0.1:0"})
	require.NoError(t, err)
	got, err := c.Add(within(t), metaOf(t, seed))
	require.NoError(t, err)
	require.NoError(t, got.Wait(within(t)))
	require.ErrorIs(t, got.AddSource(nil), client.ErrPrivate)
	require.NoError(t, c.Close())
	require.Equal(t, []swarm.Event{swarm.Started, swarm.Completed, swarm.Stopped}, n.eventsOf(c.PeerID()))
}

// UDP trackers do not go around what connects to HTTP trackers, which may be a proxy.
func TestUDPTrackersDoNotGoAroundAProxy(t *testing.T) {
	udp, n := udpTracker(t)
	o := small()
	o.Build.Tiers = [][]string{{udp}}
	seed, err := newClient(t, client.Config{}).Seed(within(t), folder(t), o)
	require.NoError(t, err)
	eventually(t, func() bool { return seed.Trackers()[0].Working })
	meta := metaOf(t, seed)
	noProxy := func(context.Context, string, string) (net.Conn, error) { return nil, errors.New("no proxy") }
	for name, test := range map[string]struct {
		change func(*client.Config)
		works  bool
	}{
		"dial":   {func(c *client.Config) { c.Tracker.Dial = noProxy }, false},
		"client": {func(c *client.Config) { c.Tracker.Client = http.DefaultClient }, false},
		"both": {func(c *client.Config) {
			c.Tracker.Dial = noProxy
			c.UDPTracker.Listen = new(net.ListenConfig).ListenPacket
		}, true},
		"local": {func(c *client.Config) { c.Tracker.RefuseLocal = true }, false},
	} {
		t.Run(name, func(t *testing.T) {
			before := n.announces()
			config := client.Config{}
			test.change(&config)
			tor, err := newClient(t, config).Add(within(t), meta)
			require.NoError(t, err)
			eventually(t, func() bool { s := tor.Trackers()[0]; return s.Working || s.Err != nil })
			require.Equal(t, test.works, tor.Trackers()[0].Working, tor.Trackers()[0].Err)
			require.Equal(t, test.works, n.announces() > before)
		})
	}
}
