package client_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/shoal-bt/shoal/client"
)

// A udpTracker is a small UDP tracker: all who announce are one swarm.
type udpTracker struct {
	mu    sync.Mutex
	peers []netip.AddrPort
	log   []byte // the event of each announce: 0 none, 1 completed, 2 started, 3 stopped
	data  []byte // the options of the last announce
}

// startUDPTracker starts a tracker with a passkey in its URL.
func startUDPTracker(t *testing.T) (announce string, k *udpTracker) {
	t.Helper()
	conn, err := net.ListenPacket("udp4", "127.0.0.1:0")
	require.NoError(t, err)
	k = new(udpTracker)
	var wg sync.WaitGroup
	wg.Go(func() {
		b := make([]byte, 2048)
		for {
			n, from, err := conn.ReadFrom(b)
			if err != nil {
				return
			}
			if n >= 16 {
				conn.WriteTo(k.answer(b[:n], from.(*net.UDPAddr).AddrPort().Addr()), from)
			}
		}
	})
	t.Cleanup(func() { conn.Close(); wg.Wait() })
	return "udp://" + conn.LocalAddr().String() + "/" + passkey, k
}

func (k *udpTracker) answer(b []byte, from netip.Addr) []byte {
	k.mu.Lock()
	defer k.mu.Unlock()
	answer := slices.Clone(b[8:16]) // action and transaction
	if len(b) < 98 {
		return append(answer, "a secret"...) // the connection id
	}
	k.log, k.data = append(k.log, b[83]), slices.Clone(b[98:])
	me := netip.AddrPortFrom(from, binary.BigEndian.Uint16(b[96:]))
	answer = append(answer, 0, 0, 0, 10, 0, 0, 0, 0, 0, 0, 0, byte(len(k.peers)))
	for _, p := range k.peers {
		answer = append(answer, p.Addr().AsSlice()...)
		answer = binary.BigEndian.AppendUint16(answer, p.Port())
	}
	k.peers = append(k.peers, me)
	return answer
}

// Clients meet at a UDP tracker that shares its tier with an HTTP tracker that is down.
func TestUDPTrackers(t *testing.T) {
	udp, k := startUDPTracker(t)
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
	require.True(t, bytes.HasSuffix(k.data, []byte("/"+passkey)))

	c, err := client.New(client.Config{Dir: t.TempDir(), State: client.Off, Listen: "127.0.0.1:0"})
	require.NoError(t, err)
	got, err := c.Add(within(t), metaOf(t, seed))
	require.NoError(t, err)
	require.NoError(t, got.Wait(within(t)))
	require.ErrorIs(t, got.AddSource(nil), client.ErrPrivate)
	require.NoError(t, c.Close())
	k.mu.Lock()
	defer k.mu.Unlock()
	require.Equal(t, byte(3), k.log[len(k.log)-1])
	require.Contains(t, k.log, byte(2))
}

// UDP trackers do not go around what connects to HTTP trackers, which may be a proxy.
func TestUDPTrackersDoNotGoAroundAProxy(t *testing.T) {
	udp, k := startUDPTracker(t)
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
			k.mu.Lock()
			before := len(k.log)
			k.mu.Unlock()
			config := client.Config{}
			test.change(&config)
			tor, err := newClient(t, config).Add(within(t), meta)
			require.NoError(t, err)
			eventually(t, func() bool { s := tor.Trackers()[0]; return s.Working || s.Err != nil })
			k.mu.Lock()
			defer k.mu.Unlock()
			require.Equal(t, test.works, tor.Trackers()[0].Working, tor.Trackers()[0].Err)
			require.Equal(t, test.works, len(k.log) > before)
		})
	}
}
