package client

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

	"github.com/shoal-bt/shoal/client/internal/metadata"
	"github.com/shoal-bt/shoal/engine"
	"github.com/shoal-bt/shoal/magnet"
	"github.com/shoal-bt/shoal/metainfo"
	"github.com/shoal-bt/shoal/metainfo/builder"
	"github.com/shoal-bt/shoal/swarm"
)

// An ear is a source that keeps what it hears.
type ear struct {
	mu    sync.Mutex
	heard []swarm.Event
}

func (e *ear) Announce(_ context.Context, a swarm.Announcement, _ func(swarm.Address)) (swarm.Answer, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.heard = append(e.heard, a.Event)
	return swarm.Answer{Next: time.Hour, Min: time.Hour}, nil
}

func (e *ear) events() []swarm.Event {
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.Clone(e.heard)
}

// registered announces to each source as a fetch does, and returns what the fetch would hand
// over. Its first source named a peer.
func registered(r metadata.Request) *magnet.Result {
	result := new(magnet.Result)
	for _, s := range r.Sources {
		now := time.Now()
		answer, err := s.Announce(context.Background(), swarm.Announcement{Swarm: r.Link.IDs()[0], Event: swarm.Started}, func(swarm.Address) {})
		state := magnet.SourceState{
			Source:     s,
			Swarm:      r.Link.IDs()[0],
			Registered: err == nil,
			Last:       now,
			Next:       now.Add(answer.Next),
			Earliest:   now.Add(answer.Min),
			Answer:     answer,
			Err:        err,
		}
		if err != nil {
			state.Errors = 1
		}
		result.Sources = append(result.Sources, state)
	}
	result.Peers = []magnet.Peer{{
		Address: swarm.Address{AddrPort: netip.MustParseAddrPort("127.0.0.1:2")},
		Origin:  magnet.Origin{Sources: r.Sources[:1]},
	}}
	return result
}

// newTracker starts a tracker that wants to be asked once an hour, and returns its URL and what
// it hears.
func newTracker(t *testing.T) (url string, heard func() []string) {
	t.Helper()
	var mu sync.Mutex
	var events []string
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		events = append(events, r.FormValue("event"))
		w.Write([]byte("d8:intervali3600e12:min intervali3600e5:peers0:e"))
	}))
	t.Cleanup(s.Close)
	return s.URL + "/announce", func() []string {
		mu.Lock()
		defer mu.Unlock()
		return slices.Clone(events)
	}
}

// soon waits for what happens on other goroutines.
func soon(t *testing.T, f func() bool, what ...any) {
	t.Helper()
	require.Eventually(t, f, time.Minute, time.Millisecond, what...)
}

// serveFile serves a .torrent file.
func serveFile(t *testing.T, meta *metainfo.Torrent) http.Handler {
	t.Helper()
	b, err := meta.Bytes()
	require.NoError(t, err)
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.Write(b) })
}

// Whoever has the metadata, the torrent goes on with the peers and the sources of the fetch.
func TestFetchHandsOver(t *testing.T) {
	for _, winner := range []string{"peers", "xs", "file", "other tracker", "private"} {
		t.Run(winner, func(t *testing.T) {
			tracker, heard := newTracker(t)
			other, heardOther := newTracker(t)
			o := builder.Options{Private: winner == "private"}
			if winner == "other tracker" {
				o.Tiers = [][]string{{other}}
			}
			meta, _ := smallTorrent(t, o)
			s := newFakeSwarm()
			s.known = registered
			asked := make(chan metadata.Request, 1)
			c := newLinkClient(t, s, Config{HTTP: http.DefaultClient, Announce: []string{other}})
			c.askPeers = func(ctx context.Context, r metadata.Request) (*magnet.Result, error) {
				asked <- r
				return s.ask(ctx, r)
			}
			link, user := linkOf(meta), new(ear)
			link.Trackers = []string{tracker}
			if winner == "xs" {
				web := httptest.NewServer(serveFile(t, meta))
				defer web.Close()
				link.Sources = []string{web.URL}
			}
			tor, err := c.Add(t.Context(), link, AddOptions{Sources: []swarm.PeerSource{user}})
			require.NoError(t, err)
			r := <-asked
			switch winner {
			case "peers", "private":
				s.answer <- answer{info: meta.Info.Raw, found: *registered(r)}
			case "file", "other tracker":
				_, err := c.Add(t.Context(), meta)
				require.NoError(t, err)
			}
			require.NoError(t, tor.Ready(t.Context()))
			soon(t, func() bool { return tor.Stats().Known == 1 }, "the peer that the link's tracker named")
			require.True(t, tor.Sources()[0].Registered)
			stopped := []swarm.Event{swarm.Started, swarm.Stopped}
			switch winner {
			case "private":
				require.Len(t, tor.Sources(), 1)
				soon(t, func() bool { return slices.Equal(user.events(), stopped) })
				soon(t, func() bool { return slices.Equal(heardOther(), []string{"started", "stopped"}) })
			case "other tracker":
				require.Equal(t, [][]string{{other}, {tracker}}, tor.AnnounceURLs())
				soon(t, func() bool { return len(heardOther()) == 2 }, "as one of the torrent's own it is called at once")
			default:
				require.Len(t, tor.Sources(), 3)
				require.Greater(t, time.Until(tor.Sources()[0].Next), 50*time.Minute)
			}
			tor.Announce()
			require.NoError(t, c.Close())
			require.Equal(t, stopped, user.events())
			require.Equal(t, []string{"started", "stopped"}, heard())
		})
	}
}

// A torrent that is paused when it has its metadata says that it stopped.
func TestMetadataOnlyStops(t *testing.T) {
	meta, _ := smallTorrent(t, builder.Options{})
	s, user := newFakeSwarm(), new(ear)
	c := newLinkClient(t, s, Config{})
	asked := make(chan metadata.Request, 1)
	c.askPeers = func(ctx context.Context, r metadata.Request) (*magnet.Result, error) {
		asked <- r
		return s.ask(ctx, r)
	}
	tor, err := c.Add(t.Context(), linkOf(meta), AddOptions{MetadataOnly: true, Sources: []swarm.PeerSource{user}})
	require.NoError(t, err)
	s.answer <- answer{info: meta.Info.Raw, found: *registered(<-asked)}
	require.NoError(t, tor.Ready(t.Context()))
	soon(t, func() bool { return slices.Equal(user.events(), []swarm.Event{swarm.Started, swarm.Stopped}) })
	require.NoError(t, tor.Resume())
	soon(t, func() bool { return len(user.events()) == 3 })
}

// A torrent that cannot be started leaves its fetch without metadata, and nobody believes that
// it is there.
func TestFetchThatCannotStart(t *testing.T) {
	meta, _ := smallTorrent(t, builder.Options{Format: metainfo.V2})
	s, user := newFakeSwarm(), new(ear)
	c := newLinkClient(t, s, Config{})
	asked := make(chan metadata.Request, 1)
	c.askPeers = func(ctx context.Context, r metadata.Request) (*magnet.Result, error) {
		asked <- r
		return s.ask(ctx, r)
	}
	tor, err := c.Add(t.Context(), &metainfo.Magnet{HashV2: meta.Info.HashV2}, AddOptions{Sources: []swarm.PeerSource{user}})
	require.NoError(t, err)
	s.answer <- answer{info: meta.Info.Raw, found: *registered(<-asked)}
	require.ErrorIs(t, tor.Ready(t.Context()), ErrPieceLayers)
	soon(t, func() bool { return slices.Equal(user.events(), []swarm.Event{swarm.Started, swarm.Stopped}) })
}

// A link stays paused when the client starts again, until somebody resumes it.
func TestPausedLinkStaysPaused(t *testing.T) {
	meta, _ := smallTorrent(t, builder.Options{})
	link := linkOf(meta)
	s := newFakeSwarm()
	first := newLinkClient(t, s, Config{})
	again := func() (*Client, *Torrent) {
		c := newLinkClient(t, s, Config{Dir: first.config.Dir, State: first.config.State})
		tor, err := c.Add(t.Context(), link)
		require.NoError(t, err)
		return c, tor
	}
	tor, err := first.Add(t.Context(), link)
	require.NoError(t, err)
	require.NoError(t, tor.Pause())
	tor.now().(*fetchStage).AwaitJob()
	require.NoError(t, first.Close())
	asked := s.asked.Load()

	closed := tor
	c, tor := again()
	require.Equal(t, engine.PhasePaused, tor.Stats().Phase)
	require.NoError(t, c.Close())
	require.Equal(t, asked, s.asked.Load())

	c, tor = again()
	require.NoError(t, tor.Resume())
	require.NoError(t, c.Close())
	require.ErrorIs(t, closed.Pause(), ErrClosed, "nothing is saved")
	c, tor = again()
	require.Equal(t, PhaseFetching, tor.Stats().Phase)
	require.NoError(t, tor.Pause())
	_, err = c.Add(t.Context(), meta)
	require.NoError(t, err, "its .torrent file starts it")
	require.Equal(t, engine.PhaseRunning, tor.Stats().Phase)
	require.NoError(t, c.Close())

	// The pause is over, and the metadata that the .torrent file had is stored.
	_, tor = again()
	require.Equal(t, engine.PhaseRunning, tor.Stats().Phase)
}
