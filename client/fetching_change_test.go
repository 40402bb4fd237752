package client

import (
	"context"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/shoal-bt/shoal/client/internal/metadata"
	"github.com/shoal-bt/shoal/magnet"
	"github.com/shoal-bt/shoal/metainfo/builder"
	"github.com/shoal-bt/shoal/swarm"
)

// TestChangesDuringAFetch changes the trackers and sources of a link whose metadata is being fetched:
// those that stay do not hear that we stopped and started again.
func TestChangesDuringAFetch(t *testing.T) {
	meta, _ := smallTorrent(t, builder.Options{})
	first, heardFirst := newTracker(t)
	second, heardSecond := newTracker(t)
	c, err := New(Config{Dir: t.TempDir(), State: Off, Listen: Off, HTTP: http.DefaultClient})
	require.NoError(t, err)
	var jobs atomic.Int32
	askPeers := c.askPeers
	c.askPeers = func(ctx context.Context, r metadata.Request) (*magnet.Result, error) {
		jobs.Add(1)
		return askPeers(ctx, r)
	}
	link, user, later := linkOf(meta), new(ear), new(ear)
	link.Trackers = []string{first}
	tor, err := c.Add(t.Context(), link, AddOptions{Sources: []swarm.PeerSource{user}})
	require.NoError(t, err)
	heard := func(what string, events func() []string, want ...string) {
		t.Helper()
		soon(t, func() bool { return slices.Equal(events(), want) }, what)
	}
	heard("the first tracker", heardFirst, "started")

	// A second link for the same torrent, with another tracker and a peer.
	more := linkOf(meta)
	more.Trackers, more.Peers = []string{second}, []string{"127.0.0.1:1"}
	_, err = c.Add(t.Context(), more)
	require.ErrorIs(t, err, ErrDuplicate)
	require.NoError(t, tor.AddSource(later))
	soon(t, func() bool { return slices.Equal(later.events(), []swarm.Event{swarm.Started}) })
	require.EqualValues(t, 1, jobs.Load())
	heard("the first tracker", heardFirst, "started")

	// Other trackers in place of the first.
	require.NoError(t, tor.SetTrackers([][]string{{second}}))
	heard("the second tracker", heardSecond, "started")
	tor.RemoveSource(later)
	soon(t, func() bool { return slices.Equal(later.events(), []swarm.Event{swarm.Started, swarm.Stopped}) })
	require.NoError(t, tor.SetTrackers([][]string{}))
	heard("the second tracker", heardSecond, "started", "stopped")
	heard("the first tracker", heardFirst, "started", "stopped")
	require.Equal(t, []swarm.Event{swarm.Started}, user.events())
	require.EqualValues(t, 1, jobs.Load())

	// The .torrent file that a link names is asked for by a new job.
	web := httptest.NewServer(serveFile(t, meta))
	defer web.Close()
	more.Sources = []string{web.URL}
	_, err = c.Add(t.Context(), more)
	require.ErrorIs(t, err, ErrDuplicate)
	require.NoError(t, tor.Ready(within(t)))
	require.NoError(t, c.Close())
	soon(t, func() bool { return slices.Contains(user.events(), swarm.Stopped) }, time.Minute)
}

// TestTrackersOfALinkStay keeps the trackers that were set during the fetch when the metadata comes.
func TestTrackersOfALinkStay(t *testing.T) {
	meta, _ := smallTorrent(t, builder.Options{})
	s := newFakeSwarm()
	c := newLinkClient(t, s, Config{})
	link := linkOf(meta)
	link.Trackers = []string{"http://127.0.0.1:1/a"}
	tor, err := c.Add(t.Context(), link)
	require.NoError(t, err)
	want := [][]string{{"http://127.0.0.1:1/b"}, {"http://127.0.0.1:1/c"}}
	require.NoError(t, tor.SetTrackers(want))
	s.answer <- answer{info: meta.Info.Raw}
	require.NoError(t, tor.Ready(within(t)))
	require.Equal(t, want, tor.AnnounceURLs())
	require.EqualValues(t, 1, s.asked.Load())
}
