package client

import (
	"context"
	"crypto/sha1"
	"errors"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
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

// An answer is what peers have.
type answer struct {
	info  []byte
	found metadata.Found
}

// A fakeSwarm stands for peers that have metadata. It answers when it is told to.
type fakeSwarm struct {
	asked  atomic.Int32
	answer chan answer
}

func newFakeSwarm() *fakeSwarm { return &fakeSwarm{answer: make(chan answer, 10)} }

func (s *fakeSwarm) ask(ctx context.Context, r metadata.Request) ([]byte, metadata.Found, error) {
	s.asked.Add(1)
	r.Progress(FetchStats{Peers: 3, Pieces: 5, Held: 2})
	select {
	case a := <-s.answer:
		return a.info, a.found, nil
	case <-ctx.Done():
		return nil, metadata.Found{}, context.Cause(ctx)
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
	require.NoError(t, tor.Wait(t.Context()))
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
	for e := range events.All(t.Context()) {
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
	require.NoError(t, tor.Ready(t.Context()))
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
			require.NoError(t, tor.Ready(t.Context()))
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
	folder := tor.now().(*fetching).folder.Path(tor.ID())
	require.DirExists(t, folder)
	waiting := make(chan error)
	go func() { waiting <- tor.Ready(t.Context()) }()
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
	tor.now().(*fetching).awaitJob()
	s.answer = make(chan answer, 1)
	require.NoError(t, tor.Resume())
	s.answer <- answer{info: meta.Info.Raw}
	require.NoError(t, tor.Ready(t.Context()))
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
				require.NoError(t, tor.Ready(t.Context()))
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
	require.NoError(t, tor.Ready(t.Context()))
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
	require.NoError(t, tor.Ready(t.Context()))
}

// TestTwoLinksOfAHybrid become one torrent when one of them has the metadata.
func TestTwoLinksOfAHybrid(t *testing.T) {
	meta, _ := smallTorrent(t, builder.Options{Format: metainfo.Hybrid})
	for _, first := range []string{"v1", "v2"} {
		s := newFakeSwarm()
		c := newLinkClient(t, s, Config{})
		c.askPeers = func(ctx context.Context, r metadata.Request) ([]byte, metadata.Found, error) {
			if (r.Link.HashV1 != [20]byte{}) == (first == "v1") {
				return s.ask(ctx, r)
			}
			<-ctx.Done()
			return nil, metadata.Found{}, context.Cause(ctx)
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
		require.NoError(t, v1.Ready(t.Context()))
		require.NoError(t, v2.Ready(t.Context()))
		e, err := events.Next(t.Context())
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

// TestInvalidMetadata fits the link and is no torrent. Peers are not asked for it again.
func TestInvalidMetadata(t *testing.T) {
	raw := []byte("d6:lengthi-1ee")
	link := &metainfo.Magnet{HashV1: sha1.Sum(raw)}
	s := newFakeSwarm()
	c := newLinkClient(t, s, Config{})
	tor, err := c.Add(t.Context(), link)
	require.NoError(t, err)
	s.answer <- answer{info: raw}
	err = tor.Ready(t.Context())
	require.ErrorAs(t, err, new(*MetadataError))
	require.ErrorAs(t, err, new(*metainfo.InvalidError))
	require.Equal(t, engine.PhaseFailed, tor.Stats().Phase)
	require.NoError(t, tor.Resume())
	require.Equal(t, engine.PhaseFailed, tor.Stats().Phase, "that does not help")
	require.NoError(t, c.Close())
	require.Equal(t, int32(1), s.asked.Load())
	again := newLinkClient(t, s, Config{Dir: c.config.Dir, State: c.config.State})
	_, err = again.Add(t.Context(), link)
	require.ErrorAs(t, err, new(*MetadataError))
	require.Equal(t, int32(1), s.asked.Load())
	require.Empty(t, again.Torrents())
}

// TestPieceLayersOfALink: the metadata of a v2 torrent does not have them.
func TestPieceLayersOfALink(t *testing.T) {
	meta, _ := smallTorrent(t, builder.Options{Format: metainfo.V2})
	s := newFakeSwarm()
	c := newLinkClient(t, s, Config{})
	tor, err := c.Add(t.Context(), &metainfo.Magnet{HashV2: meta.Info.HashV2})
	require.NoError(t, err)
	s.answer <- answer{info: meta.Info.Raw}
	require.ErrorIs(t, tor.Ready(t.Context()), ErrPieceLayers)
	same, err := c.Add(t.Context(), meta)
	require.NoError(t, err, "its .torrent file has them")
	require.Same(t, tor, same)
	require.NoError(t, tor.Ready(t.Context()))
}

// TestPrivateMetadata forgets what the link's trackers and the user did not name.
func TestPrivateMetadata(t *testing.T) {
	meta, _ := smallTorrent(t, builder.Options{Private: true})
	s := newFakeSwarm()
	c := newLinkClient(t, s, Config{Announce: []string{"http://127.0.0.1:1/public"}})
	link := linkOf(meta)
	link.Trackers = []string{"http://127.0.0.1:1/own"}
	other := swarm.List{}
	user := netip.MustParseAddrPort("127.0.0.1:5")
	tor, err := c.Add(t.Context(), link, AddOptions{Sources: []swarm.PeerSource{other}, Peers: []netip.AddrPort{user}})
	require.NoError(t, err)
	require.Len(t, tor.Trackers(), 2)
	f := tor.now().(*fetching)
	sources := f.allSources()
	require.Len(t, sources, 3)
	at := func(port uint16, o magnet.Origin) magnet.Peer {
		return magnet.Peer{Address: swarm.Address{AddrPort: netip.AddrPortFrom(user.Addr(), port)}, Origin: o}
	}
	s.answer <- answer{info: meta.Info.Raw, found: metadata.Found{Peers: []magnet.Peer{
		at(2, magnet.Origin{Sources: sources[:1]}),
		at(3, magnet.Origin{Sources: sources[1:2]}),
		at(4, magnet.Origin{User: true}),
		at(user.Port(), magnet.Origin{User: true}),
		at(6, magnet.Origin{Sources: sources[2:]}),
		at(7, magnet.Origin{Sources: []swarm.PeerSource{sources[2], sources[0]}}),
	}}}
	require.NoError(t, tor.Ready(t.Context()))
	require.Len(t, tor.Trackers(), 1)
	require.Len(t, tor.Sources(), 1)
	require.Equal(t, 3, tor.Stats().Known, "those of its tracker, and the user's")
}

// TestTorrentFileOfALink takes the .torrent file from the web if it is the right one.
func TestTorrentFileOfALink(t *testing.T) {
	meta, _ := smallTorrent(t, builder.Options{Tiers: [][]string{{"http://127.0.0.1:1/t"}}})
	right, err := meta.Bytes()
	require.NoError(t, err)
	other, err := builder.Options{}.Bytes(t.Context(), "other", []byte{1})
	require.NoError(t, err)
	wrong, err := other.Bytes()
	require.NoError(t, err)
	var asked atomic.Int32
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		switch r.URL.Path {
		case "/right":
			w.Write(right)
		case "/wrong":
			w.Write(wrong)
		default:
			http.NotFound(w, r)
		}
	}))
	defer web.Close()
	link := linkOf(meta)
	link.Sources = []string{"urn:sha1:x", web.URL + "/nothing", web.URL + "/wrong"}
	link.Acceptable = []string{web.URL + "/right"}
	s := newFakeSwarm()
	c := newLinkClient(t, s, Config{HTTP: http.DefaultClient})
	tor, err := c.Add(t.Context(), link)
	require.NoError(t, err)
	require.NoError(t, tor.Ready(t.Context()))
	require.Equal(t, int32(3), asked.Load())
	require.Equal(t, meta.Tiers, tor.AnnounceURLs())

	// Whoever made the link must not have us ask what only we can reach.
	c = newLinkClient(t, s, Config{})
	tor, err = c.Add(t.Context(), link)
	require.NoError(t, err)
	warnings := c.Events(OnWarning, 0)
	require.NoError(t, tor.Pause())
	require.NoError(t, tor.Resume())
	e, err := warnings.Next(t.Context())
	require.NoError(t, err)
	require.ErrorContains(t, ErrorOf(e), "this machine")
	require.Equal(t, int32(3), asked.Load())
}

func TestLinkOfTwoTorrents(t *testing.T) {
	s := newFakeSwarm()
	c := newLinkClient(t, s, Config{})
	_, err := c.Add(t.Context(), &metainfo.Magnet{HashV1: [20]byte{1}})
	require.NoError(t, err)
	_, err = c.Add(t.Context(), &metainfo.Magnet{HashV2: [32]byte{2}})
	require.NoError(t, err)
	_, err = c.Add(t.Context(), &metainfo.Magnet{HashV1: [20]byte{1}, HashV2: [32]byte{2}})
	require.ErrorAs(t, err, new(*metainfo.InvalidError))
}

// TestNobodyToAsk keeps the link, because a peer may be added later.
func TestNobodyToAsk(t *testing.T) {
	s := newFakeSwarm()
	c := newLinkClient(t, s, Config{})
	warnings := c.Events(OnWarning, 0)
	tor, err := c.Add(t.Context(), &metainfo.Magnet{HashV1: [20]byte{1}})
	require.NoError(t, err)
	e, err := warnings.Next(t.Context())
	require.NoError(t, err)
	require.ErrorIs(t, ErrorOf(e), errNowhere)
	require.Equal(t, PhaseFetching, tor.Stats().Phase)
}

// TestEveryPairWithAFetch has each two calls meet while a fetch ends.
func TestEveryPairWithAFetch(t *testing.T) {
	meta, _ := smallTorrent(t, builder.Options{})
	link := linkOf(meta)
	link.Trackers = []string{"http://127.0.0.1:1/a"}
	type pair struct {
		*Client
		tor   *Torrent
		swarm *fakeSwarm
	}
	uses := map[string]func(pair) error{
		"fetched":     func(p pair) error { p.swarm.answer <- answer{info: meta.Info.Raw}; return nil },
		"add link":    func(p pair) error { _, err := p.Add(context.Background(), link); return err },
		"add file":    func(p pair) error { _, err := p.Add(context.Background(), meta); return err },
		"remove":      func(p pair) error { return p.Remove(p.tor, Keep) },
		"Close":       func(p pair) error { return p.Close() },
		"Pause":       func(p pair) error { return p.tor.Pause() },
		"Resume":      func(p pair) error { return p.tor.Resume() },
		"SetTrackers": func(p pair) error { return p.tor.SetTrackers([][]string{{"http://127.0.0.1:1/b"}}) },
		"AddPeers":    func(p pair) error { return p.tor.AddPeers(netip.MustParseAddrPort("127.0.0.1:1")) },
		"AddSource":   func(p pair) error { return p.tor.AddSource(swarm.List{}) },
		"Announce":    func(p pair) error { p.tor.Announce(); return nil },
		"Stats":       func(p pair) error { p.tor.Stats(); p.Stats(); p.tor.Magnet(); return nil },
		"Ban":         func(p pair) error { p.tor.Ban(netip.MustParseAddr("127.0.0.9")); return nil },
	}
	names := slices.Sorted(maps.Keys(uses))
	for i, a := range names {
		for _, b := range names[i:] {
			s := newFakeSwarm()
			c := newLinkClient(t, s, Config{})
			tor, err := c.Add(t.Context(), link)
			require.NoError(t, err)
			begin := make(chan struct{})
			var wg sync.WaitGroup
			for _, name := range []string{a, b, "fetched"} {
				wg.Go(func() {
					<-begin
					err := uses[name](pair{c, tor, s})
					gone := errors.Is(err, ErrRemoved) || errors.Is(err, ErrClosed) || errors.Is(err, ErrUnknown) || errors.Is(err, ErrDuplicate)
					if err != nil && !gone {
						t.Errorf("%s beside %s: %v", a, b, err)
					}
				})
			}
			close(begin)
			wg.Wait()
			what := a + " beside " + b
			for _, other := range c.Torrents() {
				other.Resume()
				s.answer <- answer{info: meta.Info.Raw}
				err := other.Ready(t.Context())
				closed := errors.Is(err, ErrClosed)
				require.True(t, err == nil || closed, "%s: %v", what, err)
			}
			require.NoError(t, c.Close(), what)
			require.Zero(t, c.config.Disk.Handles.Open(), what)
		}
	}
}
