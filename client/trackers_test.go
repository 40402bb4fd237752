package client_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/shoal-bt/shoal/client"
	"github.com/shoal-bt/shoal/engine"
	"github.com/shoal-bt/shoal/httptracker"
	"github.com/shoal-bt/shoal/swarm"
	"github.com/shoal-bt/shoal/trackerserver"
)

// A recordingTracker records the announces that it gets.
type recordingTracker struct {
	*trackerserver.Memory
	mu       sync.Mutex
	requests []trackerserver.Request
}

func (n *recordingTracker) Announce(ctx context.Context, r *trackerserver.Request, reply *trackerserver.Reply) error {
	n.mu.Lock()
	n.requests = append(n.requests, *r)
	n.mu.Unlock()
	return n.Memory.Announce(ctx, r, reply)
}

// eventsOf returns the events that a peer announced, in order.
func (n *recordingTracker) eventsOf(id swarm.PeerID) (events []swarm.Event) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, r := range n.requests {
		if r.Peer == id {
			events = append(events, r.Event)
		}
	}
	return events
}

// tracker starts a tracker with a passkey in its URL.
func tracker(t *testing.T) (announce string, n *recordingTracker) {
	t.Helper()
	n = &recordingTracker{Memory: trackerserver.NewMemory(trackerserver.Config{})}
	s := httptest.NewServer(trackerserver.New(trackerserver.Config{Handler: n}))
	t.Cleanup(s.Close)
	return s.URL + "/" + passkey + "/announce", n
}

const passkey = "0123456789abcdef0123456789abcdef"

// eventually waits for what happens on other goroutines.
func eventually(t *testing.T, f func() bool) {
	t.Helper()
	require.Eventually(t, f, testTimeout, time.Millisecond)
}

func TestTracker(t *testing.T) {
	url, n := tracker(t)
	dir := folder(t)
	seeder := newClient(t, client.Config{})
	o := small()
	o.Build.Tiers = [][]string{{url}}
	o.Build.Private = true
	seed, err := seeder.Seed(within(t), dir, o)
	require.NoError(t, err)
	eventually(t, func() bool { return n.Totals().Seeds == 1 })

	c, err := client.New(client.Config{Dir: t.TempDir(), State: client.Off, Listen: "127.0.0.1:0"})
	require.NoError(t, err)
	defer c.Close()
	tor, err := c.Add(within(t), metaOf(t, seed))
	require.NoError(t, err)
	require.NoError(t, tor.Wait(within(t)))
	sameTree(t, dir, filepath.Join(tor.Dir(), "album"))
	eventually(t, func() bool { return slices.Contains(n.eventsOf(c.PeerID()), swarm.Completed) })
	require.NoError(t, tor.Pause())
	eventually(t, func() bool { return slices.Contains(n.eventsOf(c.PeerID()), swarm.Stopped) })
	require.NoError(t, tor.Resume())
	eventually(t, func() bool { return n.Totals().Seeds == 2 })
	require.NoError(t, c.Close())
	require.Equal(t, []swarm.Event{swarm.Started, swarm.Completed, swarm.Stopped, swarm.Started, swarm.Stopped}, n.eventsOf(c.PeerID()))
	all := tor.Trackers()
	require.Len(t, all, 1)
	require.NotContains(t, all[0].URL, passkey)
	require.Contains(t, all[0].URL, "/***/announce")
}

func TestSetTrackers(t *testing.T) {
	first, firstLog := tracker(t)
	second, secondLog := tracker(t)
	extra, extraLog := tracker(t)
	b := content(10, 100_000)
	meta := torrentOf(t, "file.bin", b)
	meta.Tiers = [][]string{{first}}
	dir, state := t.TempDir(), t.TempDir()
	start := func() (*client.Client, *client.Torrent) {
		c, err := client.New(client.Config{Dir: dir, State: state, Listen: "127.0.0.1:0", Announce: []string{extra}})
		require.NoError(t, err)
		t.Cleanup(func() { c.Close() })
		tor, err := c.Add(within(t), meta)
		require.NoError(t, err)
		return c, tor
	}
	c, tor := start()
	eventually(t, func() bool {
		return len(firstLog.eventsOf(c.PeerID())) == 1 && len(extraLog.eventsOf(c.PeerID())) == 1
	})
	eventually(t, func() bool { return len(tor.Trackers()) == 2 && tor.Trackers()[1].Extra })
	require.NoError(t, tor.SetTrackers(nil), "the same as before")
	require.NoError(t, tor.SetTrackers([][]string{}))
	eventually(t, func() bool { return slices.Contains(firstLog.eventsOf(c.PeerID()), swarm.Stopped) })
	require.Empty(t, tor.AnnounceURLs())
	require.NoError(t, tor.SetTrackers([][]string{{second}}))
	eventually(t, func() bool { return len(secondLog.eventsOf(c.PeerID())) == 1 })
	require.Equal(t, [][]string{{second}}, tor.AnnounceURLs())
	require.NoError(t, c.Close())
	require.ErrorIs(t, tor.SetTrackers(nil), client.ErrClosed)

	c, tor = start()
	require.Equal(t, [][]string{{second}}, tor.AnnounceURLs(), "remembered")
	eventually(t, func() bool { return len(secondLog.eventsOf(c.PeerID())) == 1 })
	require.Empty(t, firstLog.eventsOf(c.PeerID()))
}

// TestTrackerErrors has a tracker refuse as often as is worth a warning, which comes
// once and shows no passkey.
func TestTrackerErrors(t *testing.T) {
	s := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(s.Close)
	meta := torrentOf(t, "file.bin", content(13, 100_000))
	meta.Tiers = [][]string{{s.URL + "/" + passkey + "/announce"}}
	c := newClient(t, client.Config{TrackerErrors: 1})
	events := c.Events(engine.OnWarning|engine.OnSourceError, 0)
	_, err := c.Add(within(t), meta)
	require.NoError(t, err)
	w, _ := until[engine.Warning](t, events)
	require.ErrorAs(t, client.ErrorOf(w), new(*httptracker.StatusError))
	require.ErrorContains(t, client.ErrorOf(w), "1 errors of a tracker in a row")
	require.NotContains(t, client.ErrorOf(w).Error(), passkey)
	e, before := until[engine.SourceError](t, events)
	require.Equal(t, 1, e.Errors)
	require.Empty(t, before, "warned of once")
}

func TestPrivate(t *testing.T) {
	own, ownLog := tracker(t)
	extra, extraLog := tracker(t)
	dir := folder(t)
	o := small()
	o.Build.Private, o.Build.Tiers = true, [][]string{{own}}
	c := newClient(t, client.Config{Announce: []string{extra}})
	tor, err := c.Seed(within(t), dir, o)
	require.NoError(t, err)
	eventually(t, func() bool { return len(ownLog.eventsOf(c.PeerID())) == 1 })
	require.Len(t, tor.Trackers(), 1)
	require.ErrorIs(t, tor.AddSource(swarm.List{}), client.ErrPrivate)
	_, err = newClient(t, client.Config{}).Add(within(t), metaOf(t, tor), client.AddOptions{Sources: []swarm.PeerSource{swarm.List{}}})
	require.ErrorIs(t, err, client.ErrPrivate)
	require.Empty(t, extraLog.eventsOf(c.PeerID()))
	require.Len(t, tor.Sources(), 1)
}

// TestPasskeysStayHidden looks for the passkey in all that a client says of a
// tracker and a web server that refuse.
func TestPasskeysStayHidden(t *testing.T) {
	s := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(s.Close)
	meta := torrentOf(t, "file.bin", content(11, 100_000))
	meta.Tiers = [][]string{{s.URL + "/announce?passkey=" + passkey, "http://127.0.0.1:1/" + passkey + "/announce"}}
	c := newClient(t, client.Config{})
	events := c.Events(engine.OnSourceError, 0)
	tor, err := c.Add(within(t), meta)
	require.NoError(t, err)
	e, _ := until[engine.SourceError](t, events)
	said := []string{client.ErrorOf(e).Error()}
	for _, k := range tor.Trackers() {
		require.Error(t, k.Err)
		said = append(said, k.URL, k.Err.Error())
	}
	for _, url := range []string{s.URL + "/" + passkey + "/x.torrent", "http://127.0.0.1:1/" + passkey, "https://127.0.0.1:1/?k=" + passkey, "http://[::1/" + passkey} {
		_, err := c.Add(within(t), url)
		require.Error(t, err)
		said = append(said, err.Error())
	}
	for _, text := range said {
		require.False(t, strings.Contains(text, passkey), text)
	}
}
