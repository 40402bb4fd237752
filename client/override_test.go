package client_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/shoal-bt/shoal/client"
	"github.com/shoal-bt/shoal/engine"
	"github.com/shoal-bt/shoal/swarm"
	"github.com/shoal-bt/shoal/trackerserver"
)

// TestNames looks at what a peer and a tracker see of us: the client's name and
// user agent, and those of a torrent that has its own.
func TestNames(t *testing.T) {
	b := content(30, 100_000)
	own := engine.TorrentConfig{PeerID: swarm.PeerID([]byte("-YY0002-abcdefghijkl")), UserAgent: "Own/2"}
	for _, test := range []struct {
		name          string
		config        client.Config
		o             *engine.TorrentConfig
		prefix, agent string
	}{
		{"by default", client.Config{}, nil, "-SL0010-", "Shoal/0.1.0"},
		{"of the client", client.Config{PeerIDPrefix: "-XX0001-", UserAgent: "Test/1"}, nil, "-XX0001-", "Test/1"},
		{"of the torrent", client.Config{PeerIDPrefix: "-XX0001-", UserAgent: "Test/1"}, &own, "-YY0002-", "Own/2"},
	} {
		t.Run(test.name, func(t *testing.T) {
			var mu sync.Mutex
			var agents []string
			server := trackerserver.New(trackerserver.Config{})
			s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				mu.Lock()
				agents = append(agents, r.UserAgent()+" "+r.URL.Query().Get("peer_id")[:8])
				mu.Unlock()
				server.ServeHTTP(w, r)
			}))
			t.Cleanup(s.Close)
			meta := torrentOf(t, "file.bin", b)
			half := seedOf(t, meta, b, 3)
			meta.Tiers = [][]string{{s.URL + "/announce"}}
			c := newClient(t, test.config)
			_, err := c.Add(within(t), meta, client.AddOptions{Engine: test.o, Peers: []netip.AddrPort{half.Addr()}})
			require.NoError(t, err)
			var seen []engine.PeerStats
			eventually(t, func() bool {
				seen = half.Torrents()[0].Peers()
				return len(seen) == 1 && seen[0].Client != ""
			})
			require.Equal(t, test.prefix, string(seen[0].ID[:8]))
			require.Equal(t, test.agent, seen[0].Client)
			eventually(t, func() bool {
				mu.Lock()
				defer mu.Unlock()
				return slices.Contains(agents, test.agent+" "+test.prefix)
			})
			mu.Lock()
			defer mu.Unlock()
			require.Len(t, slices.Compact(agents), 1)
		})
	}
}

// TestLimitsOfOneTorrent gives torrents of one client limits of their own.
func TestLimitsOfOneTorrent(t *testing.T) {
	b := content(31, 100_000)
	meta := torrentOf(t, "file.bin", b)
	one, two := seedOf(t, meta, b, 3), seedOf(t, meta, b, 3)
	c := newClient(t, client.Config{Engine: engine.Config{
		Blocked: func(a netip.Addr) bool { return a == netip.MustParseAddr("192.0.2.7") },
		Torrent: engine.TorrentConfig{MaxPeers: 7},
	}})
	tor, err := c.Add(within(t), meta, client.AddOptions{Paused: true, Engine: &engine.TorrentConfig{MaxPeers: 1}})
	require.NoError(t, err)
	s := tor.Events(client.AllEvents, 0)
	require.NoError(t, tor.AddPeers(netip.MustParseAddrPort("192.0.2.7:1")))
	require.NoError(t, tor.Resume())
	blocked, _ := until[engine.PeerBlocked](t, s)
	require.Equal(t, engine.PeerBlocked{Torrent: tor.ID(), Addr: netip.MustParseAddr("192.0.2.7")}, blocked)
	require.NoError(t, tor.AddPeers(one.Addr(), two.Addr()))
	require.NoError(t, tor.Await(within(t), 2))
	require.Len(t, tor.Peers(), 1)
	require.Zero(t, tor.Stats().Dialing)
	tick, _ := until[engine.StatsTick](t, s)
	for tick.Stats.Held < 3 {
		tick, _ = until[engine.StatsTick](t, s)
	}
	require.Equal(t, tor.ID(), tick.Stats.Torrent)
	require.Equal(t, int64(3*pieceLength), tick.Stats.Down.Total)
	require.NotZero(t, tick.Stats.DownProtocol.Total)
}

// A listSource finds the peers in a list, and records the events that it gets.
type listSource struct {
	peers []netip.AddrPort
	mu    sync.Mutex
	asked []swarm.Event
}

func (l *listSource) Announce(_ context.Context, a swarm.Announcement, found func(swarm.Address)) (swarm.Answer, error) {
	l.mu.Lock()
	l.asked = append(l.asked, a.Event)
	l.mu.Unlock()
	for _, p := range l.peers {
		found(swarm.Address{AddrPort: p})
	}
	return swarm.Answer{Next: time.Hour, Min: time.Millisecond, Seeds: -1, Leechers: -1}, nil
}

func (l *listSource) gotEvents(want ...swarm.Event) func() bool {
	return func() bool {
		l.mu.Lock()
		defer l.mu.Unlock()
		return slices.Equal(want, l.asked)
	}
}

func TestSourcesLive(t *testing.T) {
	b := content(32, 100_000)
	meta := torrentOf(t, "file.bin", b)
	half := seedOf(t, meta, b, 3)
	c := newClient(t, client.Config{})
	tor, err := c.Add(within(t), meta)
	require.NoError(t, err)
	added(t, tor)
	l := &listSource{peers: []netip.AddrPort{half.Addr()}}
	require.NoError(t, tor.AddSource(l))
	require.NoError(t, tor.Await(within(t), 0))
	eventually(t, func() bool {
		return len(tor.Sources()) == 1 && !tor.Sources()[0].Busy && !tor.Sources()[0].Last.IsZero()
	})
	require.Equal(t, 1, tor.Sources()[0].Peers)
	require.Same(t, l, tor.Sources()[0].Source)
	tor.Announce()
	eventually(t, l.gotEvents(swarm.Started, swarm.None))
	tor.RemoveSource(l)
	eventually(t, l.gotEvents(swarm.Started, swarm.None, swarm.Stopped))
	require.Empty(t, tor.Sources())
}
