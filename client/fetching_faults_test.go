package client

import (
	"context"
	"crypto/sha1"
	"errors"
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/shoal-bt/shoal/client/internal/fetching"
	"github.com/shoal-bt/shoal/connect"
	"github.com/shoal-bt/shoal/diskstore"
	"github.com/shoal-bt/shoal/engine"
	"github.com/shoal-bt/shoal/magnet"
	"github.com/shoal-bt/shoal/metainfo"
	"github.com/shoal-bt/shoal/metainfo/builder"
	"github.com/shoal-bt/shoal/swarm"
)

// TestInvalidMetadata fits the link and is no torrent. Peers are not asked for it again.
func TestInvalidMetadata(t *testing.T) {
	raw := []byte("d6:lengthi-1ee")
	link := &metainfo.Magnet{HashV1: sha1.Sum(raw)}
	s := newFakeSwarm()
	c := newLinkClient(t, s, Config{})
	tor, err := c.Add(t.Context(), link)
	require.NoError(t, err)
	s.answer <- answer{info: raw}
	err = tor.Ready(within(t))
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
	require.ErrorIs(t, tor.Ready(within(t)), ErrPieceLayers)
	same, err := c.Add(t.Context(), meta)
	require.NoError(t, err, "its .torrent file has them")
	require.Same(t, tor, same)
	require.NoError(t, tor.Ready(within(t)))
	require.NoError(t, c.Close())
	again := newLinkClient(t, s, Config{Dir: c.config.Dir, State: c.config.State})
	tor, err = again.Add(t.Context(), &metainfo.Magnet{HashV2: meta.Info.HashV2})
	require.NoError(t, err)
	require.NoError(t, tor.Ready(within(t)))
	require.Equal(t, int32(1), s.asked.Load())
}

// Metadata without piece layers is not fetched again. A .torrent file has them.
func TestPieceLayersAreNotFetchedAgain(t *testing.T) {
	meta, _ := smallTorrent(t, builder.Options{Format: metainfo.V2})
	link := &metainfo.Magnet{HashV2: meta.Info.HashV2}
	s := newFakeSwarm()
	c := newLinkClient(t, s, Config{})
	tor, err := c.Add(t.Context(), link)
	require.NoError(t, err)
	s.answer <- answer{info: meta.Info.Raw}
	require.ErrorIs(t, tor.Ready(within(t)), ErrPieceLayers)
	require.NoError(t, tor.Resume())
	require.Equal(t, engine.PhaseFailed, tor.Stats().Phase, "that does not help")
	require.NoError(t, c.Close())

	again := newLinkClient(t, s, Config{Dir: c.config.Dir, State: c.config.State})
	_, err = again.Add(t.Context(), link)
	require.ErrorIs(t, err, ErrPieceLayers)
	require.Empty(t, again.Torrents())
	_, err = again.Add(t.Context(), meta)
	require.NoError(t, err)
	require.Equal(t, int32(1), s.asked.Load())
}

// A torrent that could not start has its metadata when it is resumed.
func TestResumeHasTheMetadata(t *testing.T) {
	meta, _ := smallTorrent(t, builder.Options{})
	s := newFakeSwarm()
	c := newLinkClient(t, s, Config{})
	path := filepath.Join(c.config.Dir, "file.bin")
	require.NoError(t, os.WriteFile(path, []byte("other"), 0o666))
	tor, err := c.Add(t.Context(), linkOf(meta))
	require.NoError(t, err)
	s.answer <- answer{info: meta.Info.Raw}
	require.ErrorAs(t, tor.Ready(within(t)), new(*diskstore.SizeError))
	require.NoError(t, os.Remove(path))
	require.NoError(t, tor.Resume())
	require.NoError(t, tor.Ready(within(t)))
	require.Equal(t, int32(1), s.asked.Load())
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
	f := tor.now().(*fetchStage)
	sources := f.AllSources()
	require.Len(t, sources, 3)
	at := func(port uint16, o magnet.Origin) magnet.Peer {
		return magnet.Peer{Address: swarm.Address{AddrPort: netip.AddrPortFrom(user.Addr(), port)}, Origin: o}
	}
	connected := func(outgoing bool) (magnet.Live, net.Conn) {
		ours, theirs := net.Pipe()
		c := &connect.Conn{Conn: ours, Addr: netip.MustParseAddrPort("127.0.0.1:8"), Swarm: tor.ID(), Outgoing: outgoing}
		return magnet.Live{Conn: c, Origin: magnet.Origin{Incoming: true}}, theirs
	}
	kept, peer := connected(false)
	defer peer.Close()
	left, leftPeer := connected(true)
	s.answer <- answer{info: meta.Info.Raw, found: magnet.Result{Conns: []magnet.Live{kept, left}, Peers: []magnet.Peer{
		at(2, magnet.Origin{Sources: sources[:1]}),
		at(3, magnet.Origin{Sources: sources[1:2]}),
		at(4, magnet.Origin{User: true}),
		at(user.Port(), magnet.Origin{User: true}),
		at(6, magnet.Origin{Sources: sources[2:]}),
		at(7, magnet.Origin{Sources: []swarm.PeerSource{sources[2], sources[0]}}),
		at(8, magnet.Origin{Peer: user.Addr()}),
		at(9, magnet.Origin{Incoming: true}),
	}}}
	require.NoError(t, tor.Ready(within(t)))
	require.Len(t, tor.Trackers(), 1)
	require.Len(t, tor.Sources(), 1)
	known := func() bool { return tor.Stats().Known == 3 } // taken over in a moment
	soon(t, known, "those of its tracker, and the user's")
	soon(t, func() bool { return tor.Stats().Peers == 1 }, "who dialed us")
	_, err = leftPeer.Read(make([]byte, 1))
	require.ErrorIs(t, err, io.EOF, "whom we dialed without a name of the tracker")
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
	require.NoError(t, tor.Ready(within(t)))
	require.Equal(t, int32(3), asked.Load())
	require.Equal(t, meta.Tiers, tor.AnnounceURLs())

	// Whoever made the link must not have us ask what only we can reach.
	c = newLinkClient(t, s, Config{})
	tor, err = c.Add(t.Context(), link)
	require.NoError(t, err)
	warnings := c.Events(OnWarning, 0)
	require.NoError(t, tor.Pause())
	require.NoError(t, tor.Resume())
	e, err := warnings.Next(within(t))
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
	e, err := warnings.Next(within(t))
	require.NoError(t, err)
	require.ErrorIs(t, ErrorOf(e), fetching.ErrNowhere)
	require.Equal(t, PhaseFetching, tor.Stats().Phase)
}

// TestRemoveAFetchTwice has two calls of Remove meet, of which one removes the link.
func TestRemoveAFetchTwice(t *testing.T) {
	meta, _ := smallTorrent(t, builder.Options{})
	c := newLinkClient(t, newFakeSwarm(), Config{})
	for range 30 {
		tor, err := c.Add(t.Context(), linkOf(meta))
		require.NoError(t, err)
		f := tor.now().(*fetchStage)
		require.True(t, f.Take()) // so that both wait
		errs := make(chan error, 2)
		for range 2 {
			go func() { errs <- c.Remove(tor, Keep) }()
		}
		runtime.Gosched()
		f.Release()
		first, second := <-errs, <-errs
		require.True(t, first == nil || second == nil)
		require.True(t, errors.Is(errors.Join(first, second), ErrRemoved) || errors.Is(errors.Join(first, second), ErrUnknown), "%v, %v", first, second)
	}
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
		"SetPieces":   func(p pair) error { return p.tor.SetPieces(0, 1, HighestPriority) },
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
					early := errors.Is(err, ErrNoMetadata)
					if err != nil && !gone && !early {
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
				err := other.Ready(within(t))
				closed := errors.Is(err, ErrClosed)
				require.True(t, err == nil || closed, "%s: %v", what, err)
			}
			require.NoError(t, c.Close(), what)
			require.Zero(t, c.config.Disk.Handles.Open(), what)
		}
	}
}

// TestLinkBetweenClients gets the metadata and the content of a torrent from a client of ours,
// also while that is idle.
func TestLinkBetweenClients(t *testing.T) {
	for _, idle := range []bool{false, true} {
		h := newIdleAlbum(t)
		raw := slices.Clone(metaOf(t, h.tor).Info.Raw)
		link := h.tor.Magnet()
		if idle {
			h.awaitIdle(t) // it was only looked at
			got := make([]byte, len(raw))
			_, err := h.tor.run().metadataReader().ReadAt(got, 0)
			require.NoError(t, err)
			require.Equal(t, raw, got)
		} else {
			require.NoError(t, h.tor.run().storage.Reopen(false))
		}
		c, err := New(Config{Dir: t.TempDir(), State: Off, Listen: "127.0.0.1:0"})
		require.NoError(t, err)
		tor, err := c.Add(t.Context(), link, AddOptions{Peers: []netip.AddrPort{h.Addr()}})
		require.NoError(t, err)
		require.NoError(t, tor.Wait(within(t)))
		require.Equal(t, "album", tor.Name())
		require.Equal(t, raw, metaOf(t, tor).Info.Raw)
		require.NoError(t, c.Close())
	}
}
