package client

import (
	"context"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/shoal-bt/shoal/client/internal/metadata"
	"github.com/shoal-bt/shoal/engine"
	"github.com/shoal-bt/shoal/magnet"
	"github.com/shoal-bt/shoal/metainfo"
	"github.com/shoal-bt/shoal/metainfo/builder"
)

// An answer is what peers have.
type answer struct {
	info  []byte
	found magnet.Result
}

// A fakeSwarm stands for peers that have metadata. It answers when it is told to.
type fakeSwarm struct {
	asked  atomic.Int32
	answer chan answer
	known  func(metadata.Request) *magnet.Result // when it is stopped; nil for nothing
}

func newFakeSwarm() *fakeSwarm { return &fakeSwarm{answer: make(chan answer, 10)} }

func (s *fakeSwarm) ask(ctx context.Context, r metadata.Request) (*magnet.Result, error) {
	s.asked.Add(1)
	r.Progress(FetchStats{Peers: 3, Pieces: 5, Held: 2})
	select {
	case a := <-s.answer:
		if ctx.Err() != nil { // chance chose, but a fetch that was stopped gets no answer
			s.answer <- a
			return nil, context.Cause(ctx)
		}
		a.found.Info = a.info
		return &a.found, nil
	case <-r.Stop:
		if s.known != nil {
			return s.known(r), nil
		}
		return new(magnet.Result), nil
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

// newLinkClient returns a client whose peers are s.
func newLinkClient(t *testing.T, s *fakeSwarm, config Config) *Client {
	t.Helper()
	if config.Dir == "" {
		config.Dir = t.TempDir()
	}
	if config.State == "" {
		config.State = t.TempDir()
	}
	config.Listen, config.Save = Off, time.Hour
	c, err := New(config)
	require.NoError(t, err)
	t.Cleanup(func() { c.Close() })
	c.askPeers = s.ask
	return c
}

// smallTorrent returns a torrent of one file and the content.
func smallTorrent(t *testing.T, o builder.Options) (*metainfo.Torrent, []byte) {
	t.Helper()
	b := slices.Repeat([]byte{7, 5, 3}, 10_000)
	if o.PieceLength == 0 {
		o.PieceLength = 16 << 10
	}
	meta, err := o.Bytes(t.Context(), "file.bin", b)
	require.NoError(t, err)
	return meta, b
}

func linkOf(meta *metainfo.Torrent) *metainfo.Magnet {
	return &metainfo.Magnet{HashV1: meta.Info.HashV1, HashV2: meta.Info.HashV2, Name: "a name"}
}

func TestLinkIsATorrentFromTheStart(t *testing.T) {
	s := newFakeSwarm()
	meta, content := smallTorrent(t, builder.Options{})
	c := newLinkClient(t, s, Config{})
	events := c.Events(AllEvents, 0)
	link := linkOf(meta)
	link.Trackers = []string{"http://127.0.0.1:1/announce"}
	link.WebSeeds = []string{"http://127.0.0.1:1/file.bin"}
	link.Select = []metainfo.Range{{First: 0, Last: 0}}
	tor, err := c.Add(t.Context(), link.String())
	require.NoError(t, err)
	require.Equal(t, []*Torrent{tor}, c.Torrents())
	require.Equal(t, "a name", tor.Name())
	require.Equal(t, link.String(), tor.Magnet())
	require.Equal(t, meta.IDs(), tor.IDs())
	require.Eventually(t, func() bool { return tor.Fetch() == FetchStats{Peers: 3, Pieces: 5, Held: 2} }, time.Minute, time.Millisecond)
	stats := tor.Stats()
	require.Equal(t, PhaseFetching, stats.Phase)
	require.False(t, stats.Complete())
	require.Zero(t, tor.Progress())
	require.Len(t, tor.Trackers(), 1)
	_, err = tor.Files()
	require.ErrorIs(t, err, ErrNoMetadata)
	_, err = tor.ReadAt(make([]byte, 1), 0)
	require.ErrorIs(t, err, ErrNoMetadata)
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, tor.Ready(ended), context.Canceled)

	require.NoError(t, os.WriteFile(filepath.Join(c.config.Dir, "file.bin"), content, 0o666))
	s.answer <- answer{info: meta.Info.Raw}
	require.NoError(t, tor.Wait(within(t)))
	require.Equal(t, "file.bin", tor.Name())
	got := metaOf(t, tor)
	require.Equal(t, link.WebSeeds, got.WebSeeds)
	require.Equal(t, [][]string{link.Trackers}, got.Tiers)
	require.Equal(t, got.Tiers, tor.AnnounceURLs())
	require.NoError(t, c.Close())
	r, err := tor.run().folder.Load(tor.ID())
	require.NoError(t, err)
	require.Equal(t, link.String(), r.Totals.Source, "with what it selects")
	var kinds []EventMask
	for e := range events.All(within(t)) {
		switch e.(type) {
		case engine.Added, engine.Completed, engine.Failed, engine.Removed:
			kinds = append(kinds, e.Kind())
		}
	}
	require.Equal(t, []EventMask{OnAdded, OnRemoved}, kinds)
}

// TestMetadataIsFetchedOnce ends a client at each step of a link's life, as a crash does, and
// starts another one with what is on disk by then.
func TestMetadataIsFetchedOnce(t *testing.T) {
	meta, _ := smallTorrent(t, builder.Options{})
	link := linkOf(meta)
	link.Trackers = []string{"http://127.0.0.1:1/announce"}
	peer := netip.MustParseAddrPort("127.0.0.1:1")
	dir, state := t.TempDir(), t.TempDir()
	crash := func() string {
		copied := t.TempDir()
		require.NoError(t, os.CopyFS(copied, os.DirFS(state)))
		return copied
	}
	s := newFakeSwarm()
	c := newLinkClient(t, s, Config{Dir: dir, State: state})
	tor, err := c.Add(t.Context(), link, AddOptions{Peers: []netip.AddrPort{peer}})
	require.NoError(t, err)
	fetching := crash()
	s.answer <- answer{info: meta.Info.Raw}
	require.NoError(t, tor.Ready(within(t)))
	fetched := crash()
	require.NoError(t, c.Close())
	closed := crash()
	for name, at := range map[string]struct {
		state string
		asked int32
	}{"while it is fetched": {fetching, 1}, "when it is fetched": {fetched, 0}, "after Close": {closed, 0}} {
		t.Run(name, func(t *testing.T) {
			s := newFakeSwarm()
			s.answer <- answer{info: meta.Info.Raw}
			c := newLinkClient(t, s, Config{Dir: dir, State: at.state})
			tor, err := c.Add(t.Context(), &metainfo.Magnet{HashV1: link.HashV1})
			require.NoError(t, err)
			require.NoError(t, tor.Ready(within(t)))
			require.Equal(t, at.asked, s.asked.Load())
			require.Equal(t, [][]string{link.Trackers}, tor.AnnounceURLs(), "they are remembered")
		})
	}
}

func TestRemoveWhileFetching(t *testing.T) {
	meta, _ := smallTorrent(t, builder.Options{})
	s := newFakeSwarm()
	c := newLinkClient(t, s, Config{})
	tor, err := c.Add(t.Context(), linkOf(meta))
	require.NoError(t, err)
	folder := tor.now().(*fetchStage).Folder().Path(tor.ID())
	require.DirExists(t, folder)
	waiting := make(chan error)
	go func() { waiting <- tor.Ready(within(t)) }()
	require.NoError(t, c.Remove(tor, Delete))
	require.ErrorIs(t, <-waiting, ErrRemoved)
	require.NoDirExists(t, folder)
	require.Empty(t, c.Torrents())
	require.ErrorIs(t, c.Remove(tor, Keep), ErrRemoved)
	require.ErrorIs(t, tor.Pause(), ErrRemoved)
	require.Equal(t, engine.PhaseClosed, tor.Stats().Phase)
	_, err = c.Add(t.Context(), linkOf(meta))
	require.NoError(t, err, "it can be added again")
}

func TestPauseAFetch(t *testing.T) {
	meta, _ := smallTorrent(t, builder.Options{})
	s := newFakeSwarm()
	c := newLinkClient(t, s, Config{})
	tor, err := c.Add(t.Context(), linkOf(meta), AddOptions{Paused: true})
	require.NoError(t, err)
	require.Equal(t, engine.PhasePaused, tor.Stats().Phase)
	require.Zero(t, s.asked.Load())
	require.NoError(t, tor.Resume())
	require.Equal(t, PhaseFetching, tor.Stats().Phase)
	require.NoError(t, tor.Pause())
	s.answer <- answer{info: meta.Info.Raw}
	tor.now().(*fetchStage).AwaitJob()
	s.answer = make(chan answer, 1)
	require.NoError(t, tor.Resume())
	s.answer <- answer{info: meta.Info.Raw}
	require.NoError(t, tor.Ready(within(t)))
	require.Equal(t, engine.PhaseRunning, tor.Stats().Phase)
}

// TestSecondLink adds what a second link knows to the torrent that is there.
func TestSecondLink(t *testing.T) {
	for _, fetched := range []bool{false, true} {
		for _, private := range []bool{false, true} {
			meta, _ := smallTorrent(t, builder.Options{Private: private})
			s := newFakeSwarm()
			c := newLinkClient(t, s, Config{})
			link := linkOf(meta)
			link.Trackers = []string{"http://127.0.0.1:1/a"}
			tor, err := c.Add(t.Context(), link)
			require.NoError(t, err)
			if fetched {
				s.answer <- answer{info: meta.Info.Raw}
				require.NoError(t, tor.Ready(within(t)))
			}
			more := linkOf(meta)
			more.Trackers = []string{"http://127.0.0.1:1/b", "http://127.0.0.1:1/a"}
			more.Peers = []string{"127.0.0.1:2"}
			same, err := c.Add(t.Context(), more)
			require.ErrorIs(t, err, ErrDuplicate)
			require.Same(t, tor, same)
			want := [][]string{{"http://127.0.0.1:1/a"}, {"http://127.0.0.1:1/b"}}
			if fetched && private {
				want = want[:1]
			}
			require.Equal(t, want, tor.AnnounceURLs())
			require.Len(t, c.Torrents(), 1)
			require.NoError(t, c.Close())
		}
	}
}

func TestTorrentFileEndsAFetch(t *testing.T) {
	meta, _ := smallTorrent(t, builder.Options{})
	s := newFakeSwarm()
	dir := t.TempDir()
	c := newLinkClient(t, s, Config{})
	link := linkOf(meta)
	link.Trackers = []string{"http://127.0.0.1:1/a"}
	tor, err := c.Add(t.Context(), link, AddOptions{Dir: dir})
	require.NoError(t, err)
	same, err := c.Add(t.Context(), meta)
	require.NoError(t, err)
	require.Same(t, tor, same)
	require.NoError(t, tor.Ready(within(t)))
	require.Equal(t, dir, tor.Dir())
	require.Equal(t, [][]string{{"http://127.0.0.1:1/a"}}, tor.AnnounceURLs())
	require.Equal(t, []*Torrent{tor}, c.Torrents())
}

// TestTorrentFileThatFails leaves the fetch as it was.
func TestTorrentFileThatFails(t *testing.T) {
	meta, _ := smallTorrent(t, builder.Options{})
	s := newFakeSwarm()
	c := newLinkClient(t, s, Config{})
	tor, err := c.Add(t.Context(), linkOf(meta))
	require.NoError(t, err)
	path := filepath.Join(c.config.Dir, "file.bin")
	require.NoError(t, os.WriteFile(path, []byte("other"), 0o666))
	_, err = c.Add(t.Context(), meta)
	require.Error(t, err, "its file has another size")
	require.Equal(t, PhaseFetching, tor.Stats().Phase)
	require.NoError(t, os.Remove(path))
	s.answer <- answer{info: meta.Info.Raw}
	require.NoError(t, tor.Ready(within(t)))
}

// TestTwoLinksOfAHybrid become one torrent when one of them has the metadata.
func TestTwoLinksOfAHybrid(t *testing.T) {
	meta, _ := smallTorrent(t, builder.Options{Format: metainfo.Hybrid})
	for _, first := range []string{"v1", "v2"} {
		s := newFakeSwarm()
		c := newLinkClient(t, s, Config{})
		c.askPeers = func(ctx context.Context, r metadata.Request) (*magnet.Result, error) {
			if (r.Link.HashV1 != [20]byte{}) == (first == "v1") {
				return s.ask(ctx, r)
			}
			return newFakeSwarm().ask(ctx, r)
		}
		events := c.Events(OnMerged, 0)
		v1, err := c.Add(t.Context(), &metainfo.Magnet{HashV1: meta.Info.HashV1, Trackers: []string{"http://127.0.0.1:1/1"}})
		require.NoError(t, err)
		v2, err := c.Add(t.Context(), &metainfo.Magnet{HashV2: meta.Info.HashV2, Trackers: []string{"http://127.0.0.1:1/2"}})
		require.NoError(t, err)
		require.Len(t, c.Torrents(), 2)
		winner, other := v1, v2
		if first == "v2" {
			winner, other = v2, v1
		}
		id := winner.ID()
		s.answer <- answer{info: meta.Info.Raw}
		require.NoError(t, v1.Ready(within(t)))
		require.NoError(t, v2.Ready(within(t)))
		e, err := events.Next(within(t))
		require.NoError(t, err)
		require.Equal(t, Merged{Torrent: other.ID(), Into: id}, e)
		require.Equal(t, id, winner.ID(), "it does not change")
		require.Equal(t, []*Torrent{winner}, c.Torrents())
		require.Equal(t, meta.IDs(), winner.IDs())
		require.Equal(t, meta.IDs(), other.IDs())
		require.Len(t, winner.AnnounceURLs(), 2)
		for _, known := range meta.IDs() {
			found, err := c.Torrent(known)
			require.NoError(t, err)
			require.Same(t, winner, found)
		}
		require.NoError(t, c.Remove(winner, Keep))
		require.ErrorIs(t, other.Pause(), ErrRemoved)
		for _, id := range meta.IDs() {
			require.NoDirExists(t, winner.run().folder.Path(id))
		}
	}
}
