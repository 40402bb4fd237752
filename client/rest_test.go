package client

import (
	"context"
	"errors"
	"io/fs"
	"net/netip"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/shoal-bt/shoal/diskstore"
	"github.com/shoal-bt/shoal/engine"
	"github.com/shoal-bt/shoal/metainfo"
	"github.com/shoal-bt/shoal/resume"
	"github.com/shoal-bt/shoal/swarm"
)

// A house is a client with records, and what it has of an album.
type house struct {
	*Client
	tor        *Torrent
	torrent    string // path of the .torrent file
	dir, state string
}

// atRest returns a client that was started with a whole album, from its record.
func atRest(t *testing.T) *house {
	t.Helper()
	seeder, meta := album(t)
	b, err := meta.Bytes()
	require.NoError(t, err)
	h := &house{torrent: filepath.Join(t.TempDir(), "album.torrent"), dir: t.TempDir(), state: t.TempDir()}
	require.NoError(t, os.WriteFile(h.torrent, b, 0o666))
	h.start(t)
	require.NoError(t, h.tor.AddPeers(seeder.Addr()))
	require.NoError(t, h.tor.Wait(t.Context()))
	require.NoError(t, h.Close())
	h.start(t)
	h.awaitRest(t)
	return h
}

// start starts the client, or another after it was closed.
func (h *house) start(t *testing.T) {
	t.Helper()
	c, err := New(Config{Dir: h.dir, State: h.state, Listen: "127.0.0.1:0", Save: time.Hour})
	require.NoError(t, err)
	t.Cleanup(func() { c.Close() })
	h.Client = c
	h.tor, err = c.Add(t.Context(), h.torrent)
	require.NoError(t, err)
	require.Eventually(t, func() bool { return h.tor.Stats().Phase == engine.PhaseRunning }, time.Minute, time.Millisecond)
}

// awaitRest waits until nothing of the torrent is open.
func (h *house) awaitRest(t *testing.T) {
	t.Helper()
	require.Eventually(t, func() bool {
		runtime.GC()
		return h.tor.storage.now() == nil && h.tor.original.inMemory() == nil
	}, time.Minute, time.Millisecond)
	require.Zero(t, h.config.Disk.Handles.Open())
}

func (h *house) record(t *testing.T) resume.Record {
	t.Helper()
	r, err := h.tor.folder.Load(h.tor.ID())
	require.NoError(t, err)
	return r
}

// leech downloads the album from the house, and returns what came of it.
func (h *house) leech(t *testing.T, ctx context.Context) error {
	t.Helper()
	c, err := New(Config{Dir: t.TempDir(), State: Off, Listen: "127.0.0.1:0"})
	require.NoError(t, err)
	defer c.Close()
	tor, err := c.Add(ctx, h.torrent, AddOptions{Peers: []netip.AddrPort{h.Addr()}})
	require.NoError(t, err)
	return tor.Wait(ctx)
}

func TestRestKeepsNothingInMemory(t *testing.T) {
	h := atRest(t)
	require.NoError(t, os.Rename(h.torrent, h.torrent+".away"))
	require.Equal(t, "album", h.tor.Name())
	require.Equal(t, int64(450_000), h.tor.Length())
	files, err := h.tor.Files()
	require.NoError(t, err)
	require.Len(t, files, 3)
	require.Equal(t, files[2].Length, files[2].Held)
	meta := metaOf(t, h.tor)
	require.Equal(t, meta.IDs(), h.tor.IDs())
	require.Same(t, meta, metaOf(t, h.tor), "while it is used there is one")
	runtime.KeepAlive(meta)
	require.Contains(t, h.tor.Magnet(), "album")
	h.awaitRest(t) // it was only looked at
}

func TestPeerWakesATorrentAtRest(t *testing.T) {
	h := atRest(t)
	before := h.record(t)
	require.NoError(t, h.leech(t, t.Context()))
	require.NotNil(t, h.tor.storage.now())
	h.tor.rest()
	h.awaitRest(t)
	after := h.record(t)
	require.Equal(t, resume.Clean, after.State)
	require.Equal(t, before.Files, after.Files)
	require.Equal(t, int64(450_000), after.Totals.Uploaded, "what was sent is recorded")
	require.False(t, before.Totals.Completed.IsZero())
	require.Equal(t, before.Totals.Completed, after.Totals.Completed, "it was completed but once")
	require.NoError(t, h.leech(t, t.Context()), "and once more")
	require.NoError(t, h.Close())
	h.start(t)
	require.Zero(t, h.tor.Stats().ToCheck)
	require.Equal(t, int64(900_000), h.tor.Stats().Up.Total)
}

func TestDownloadComesToRest(t *testing.T) {
	seeder, meta := album(t)
	c, err := New(Config{Dir: t.TempDir(), State: t.TempDir(), Listen: Off, Save: time.Hour})
	require.NoError(t, err)
	defer c.Close()
	tor, err := c.Add(t.Context(), meta, AddOptions{Peers: []netip.AddrPort{seeder.Addr()}})
	require.NoError(t, err)
	require.NoError(t, tor.Wait(t.Context()))
	r, err := tor.folder.Load(tor.ID())
	require.NoError(t, err)
	require.Equal(t, resume.Open, r.State)
	tor.rest()
	require.Nil(t, tor.storage.now())
	r, err = tor.folder.Load(tor.ID())
	require.NoError(t, err)
	require.Equal(t, resume.Clean, r.State, "as at the end of a run")
	require.Equal(t, tor.geometry.Pieces(), r.Pieces.Count())
	require.NotEmpty(t, r.Owned)

	p := make([]byte, 100)
	_, err = tor.ReadAt(p, 200_000)
	require.NoError(t, err)
	require.Equal(t, []byte{1, 7, 9}, p[1:4])
	require.NoError(t, c.Remove(tor, Delete), "it is known what is ours")
	_, err = os.Stat(filepath.Join(tor.Dir(), "album"))
	require.ErrorIs(t, err, fs.ErrNotExist)
}

func TestRemoveAtRest(t *testing.T) {
	h := atRest(t)
	require.NoError(t, h.Remove(h.tor, Delete))
	_, err := os.Stat(filepath.Join(h.dir, "album"))
	require.ErrorIs(t, err, fs.ErrNotExist)
	_, err = os.Stat(h.tor.copyPath())
	require.ErrorIs(t, err, fs.ErrNotExist)
}

func TestSourcesFail(t *testing.T) {
	trouble := errors.New("trouble")
	_, meta := album(t)
	c, err := New(Config{Dir: t.TempDir(), State: t.TempDir(), Listen: Off,
		NewSources: func(*metainfo.Torrent) ([]swarm.PeerSource, error) { return nil, trouble }})
	require.NoError(t, err)
	defer c.Close()
	_, err = c.Add(t.Context(), meta)
	require.ErrorIs(t, err, trouble)
	require.Empty(t, c.Torrents())
}

// TestFolderVanishesAtRest is as if it vanished while the torrent was seeded: what
// cannot be read is lost, and nothing is written into what is another folder by now.
func TestFolderVanishesAtRest(t *testing.T) {
	h := atRest(t)
	events := h.Events(AllEvents, 0)
	require.NoError(t, os.Rename(filepath.Join(h.dir, "album", "b"), filepath.Join(h.dir, "b")))
	_, err := h.tor.ReadAt(make([]byte, 10), 0)
	require.ErrorIs(t, err, fs.ErrNotExist)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		h.leech(t, ctx)
	}()
	var warning engine.Warning
	for e := range events.All(t.Context()) {
		if w, ok := e.(engine.Warning); ok {
			warning = w
			break
		}
	}
	cancel()
	<-ended
	var open *StoreError
	require.ErrorAs(t, warning.Err, &open)
	require.Less(t, h.tor.Stats().Held, h.tor.geometry.Pieces())
	require.NoFileExists(t, filepath.Join(h.dir, "album", "b"))
	require.NoError(t, h.tor.Recheck(t.Context()), "a check finds out")
	require.Equal(t, 18, h.tor.Stats().Held, "the pieces of a and c, but those that b has a part of")
	require.NoError(t, os.Rename(filepath.Join(h.dir, "b"), filepath.Join(h.dir, "album", "b")))
	require.NoError(t, h.tor.Recheck(t.Context()))
	require.Equal(t, 1.0, h.tor.Progress())
}

// TestTouchedAtRest keeps the recorded time of a file, so that the next run checks.
func TestTouchedAtRest(t *testing.T) {
	h := atRest(t)
	now := time.Now().Add(time.Hour)
	require.NoError(t, os.Chtimes(filepath.Join(h.dir, "album", "a"), now, now))
	_, err := h.tor.ReadAt(make([]byte, 10), 0)
	require.NoError(t, err)
	h.tor.rest()
	h.awaitRest(t)
	require.NoError(t, h.Close())
	h.start(t)
	require.Equal(t, h.tor.geometry.Pieces(), h.tor.Stats().ToCheck)
}

func TestRecordVanishesAtRest(t *testing.T) {
	h := atRest(t)
	require.NoError(t, os.Remove(filepath.Join(h.tor.folder.Path(h.tor.ID()), "resume")))
	require.NoError(t, h.leech(t, t.Context()))
	require.Equal(t, h.tor.geometry.Pieces(), h.record(t).Pieces.Count(), "there is one again")
	require.Empty(t, h.record(t).Owned, "but nobody knows what is ours")
	h.tor.rest()
	h.awaitRest(t)
	require.NoError(t, h.Close())
	h.start(t)
	require.Zero(t, h.tor.Stats().ToCheck)
}

func TestTrackersSetAtRest(t *testing.T) {
	h := atRest(t)
	tiers := [][]string{{"http://127.0.0.1:1/announce"}}
	require.NoError(t, h.tor.SetTrackers(tiers))
	require.NoError(t, h.Close())
	require.Equal(t, tiers, h.record(t).Totals.Trackers)
	require.Equal(t, resume.Clean, h.record(t).State)
	h.start(t)
	require.Equal(t, tiers, h.tor.AnnounceURLs())
}

// TestRestWhileWriting does not rest over what is not recorded yet.
func TestRestWhileWriting(t *testing.T) {
	h := atRest(t)
	require.NoError(t, h.tor.Recheck(t.Context()))
	o := h.tor.storage.now()
	require.NotNil(t, o)
	// A write comes when all was recorded, and before everything is closed.
	h.tor.storage.mu.RLock()
	done := make(chan struct{})
	go func() {
		defer close(done)
		h.tor.rest()
	}()
	require.Eventually(t, func() bool { return !o.recorder.awaits() }, time.Minute, time.Millisecond)
	for h.tor.storage.mu.TryRLock() { // until rest waits for the lock
		h.tor.storage.mu.RUnlock()
		runtime.Gosched()
	}
	o.recorder.wrote()
	h.tor.storage.mu.RUnlock()
	<-done
	require.Same(t, o, h.tor.storage.now(), "it goes on")
	h.tor.rest()
	require.Nil(t, h.tor.storage.now())
}

// TestRestsWaitForEachOther, but not Close for them.
func TestRestsWaitForEachOther(t *testing.T) {
	h := atRest(t)
	for range mostRests {
		h.rests <- struct{}{}
	}
	_, err := h.tor.ReadAt(make([]byte, 10), 0)
	require.NoError(t, err)
	h.tor.storage.Idle()
	for range 100 {
		runtime.Gosched()
	}
	require.NotNil(t, h.tor.storage.now())
	<-h.rests
	h.awaitRest(t)
	_, err = h.tor.ReadAt(make([]byte, 10), 0)
	require.NoError(t, err)
	h.rests <- struct{}{}
	h.tor.storage.Idle()
	require.NoError(t, h.Close())
}

// TestSyncFailsBeforeRest goes on with what is open.
func TestSyncFailsBeforeRest(t *testing.T) {
	h := atRest(t)
	_, err := h.tor.ReadAt(make([]byte, 10), 0)
	require.NoError(t, err)
	o := h.tor.storage.now()
	trouble := errors.New("trouble")
	o.Storage = &unsyncable{o.Storage.(*diskstore.Store), trouble}
	events := h.Events(AllEvents, 0)
	h.tor.rest()
	require.Same(t, o, h.tor.storage.now())
	for e := range events.All(t.Context()) {
		if w, ok := e.(engine.Warning); ok {
			require.ErrorIs(t, w.Err, trouble)
			break
		}
	}
	_, err = h.tor.ReadAt(make([]byte, 10), 0)
	require.NoError(t, err)
}

type unsyncable struct {
	*diskstore.Store
	err error
}

func (u *unsyncable) Sync() error { return u.err }
