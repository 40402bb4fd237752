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

// An idleAlbum is a client with records, and an idle torrent of it.
type idleAlbum struct {
	*Client
	tor        *Torrent
	torrent    string // path of the .torrent file
	dir, state string
}

// newIdleAlbum returns a client that was started with a complete album, from its record.
func newIdleAlbum(t *testing.T) *idleAlbum {
	t.Helper()
	seeder, meta := album(t)
	b, err := meta.Bytes()
	require.NoError(t, err)
	h := &idleAlbum{torrent: filepath.Join(t.TempDir(), "album.torrent"), dir: t.TempDir(), state: t.TempDir()}
	require.NoError(t, os.WriteFile(h.torrent, b, 0o666))
	h.start(t)
	require.NoError(t, h.tor.AddPeers(seeder.Addr()))
	require.NoError(t, h.tor.Wait(within(t)))
	require.NoError(t, h.Close())
	h.start(t)
	h.awaitIdle(t)
	return h
}

// start starts a client. It is called again after Close.
func (h *idleAlbum) start(t *testing.T) {
	t.Helper()
	c, err := New(Config{Dir: h.dir, State: h.state, Listen: "127.0.0.1:0", Save: time.Hour})
	require.NoError(t, err)
	t.Cleanup(func() { c.Close() })
	h.Client = c
	h.tor, err = c.Add(t.Context(), h.torrent)
	require.NoError(t, err)
	require.Eventually(t, func() bool { return h.tor.Stats().Phase == engine.PhaseRunning }, time.Minute, time.Millisecond)
}

// within bounds what a test waits for, so that it fails instead of hanging.
func within(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	return ctx
}

// awaitIdle waits until nothing of the torrent is open.
func (h *idleAlbum) awaitIdle(t *testing.T) {
	t.Helper()
	require.Eventually(t, func() bool {
		runtime.GC()
		return h.tor.run().storage.Current() == nil && h.tor.run().cache.InMemory() == nil
	}, time.Minute, time.Millisecond)
	require.Zero(t, h.config.Disk.Handles.Open())
}

func (h *idleAlbum) record(t *testing.T) resume.Record {
	t.Helper()
	r, err := h.tor.run().folder.Load(h.tor.ID())
	require.NoError(t, err)
	return r
}

// download downloads the album from h, and returns the error of Wait.
func (h *idleAlbum) download(t *testing.T, ctx context.Context) error {
	t.Helper()
	c, err := New(Config{Dir: t.TempDir(), State: Off, Listen: "127.0.0.1:0"})
	require.NoError(t, err)
	defer c.Close()
	tor, err := c.Add(ctx, h.torrent, AddOptions{Peers: []netip.AddrPort{h.Addr()}})
	require.NoError(t, err)
	return tor.Wait(ctx)
}

// awaitSent waits until what was sent is counted, which the other side does not wait for.
func (h *idleAlbum) awaitSent(t *testing.T, bytes int64) {
	t.Helper()
	require.Eventually(t, func() bool { return h.tor.Stats().Up.Total == bytes }, time.Minute, time.Millisecond)
}

func TestIdleKeepsNothingInMemory(t *testing.T) {
	h := newIdleAlbum(t)
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
	h.awaitIdle(t) // it was only looked at
}

func TestPeerReopensAnIdleTorrent(t *testing.T) {
	h := newIdleAlbum(t)
	before := h.record(t)
	require.NoError(t, h.download(t, within(t)))
	require.NotNil(t, h.tor.run().storage.Current())
	h.awaitSent(t, 450_000)
	h.tor.run().becomeIdle()
	h.awaitIdle(t)
	after := h.record(t)
	require.Equal(t, resume.Clean, after.State)
	require.Equal(t, before.Files, after.Files)
	require.Equal(t, int64(450_000), after.Totals.Uploaded, "what was sent is recorded")
	require.False(t, before.Totals.Completed.IsZero())
	require.Equal(t, before.Totals.Completed, after.Totals.Completed, "it was completed but once")
	require.NoError(t, h.download(t, within(t)), "and once more")
	h.awaitSent(t, 900_000)
	require.NoError(t, h.Close())
	h.start(t)
	require.Zero(t, h.tor.Stats().ToCheck)
	require.Equal(t, int64(900_000), h.tor.Stats().Up.Total)
}

func TestDownloadBecomesIdle(t *testing.T) {
	seeder, meta := album(t)
	c, err := New(Config{Dir: t.TempDir(), State: t.TempDir(), Listen: Off, Save: time.Hour})
	require.NoError(t, err)
	defer c.Close()
	tor, err := c.Add(t.Context(), meta, AddOptions{Peers: []netip.AddrPort{seeder.Addr()}})
	require.NoError(t, err)
	require.NoError(t, tor.Wait(within(t)))
	r, err := tor.run().folder.Load(tor.ID())
	require.NoError(t, err)
	require.Equal(t, resume.Open, r.State)
	tor.run().becomeIdle()
	require.Nil(t, tor.run().storage.Current())
	r, err = tor.run().folder.Load(tor.ID())
	require.NoError(t, err)
	require.Equal(t, resume.Clean, r.State, "as at the end of a run")
	require.Equal(t, tor.run().geometry.Pieces(), r.Pieces.Count())
	require.NotEmpty(t, r.Owned)

	p := make([]byte, 100)
	_, err = tor.ReadAt(p, 200_000)
	require.NoError(t, err)
	require.Equal(t, []byte{1, 7, 9}, p[1:4])
	require.NoError(t, c.Remove(tor, Delete), "it is known what is ours")
	_, err = os.Stat(filepath.Join(tor.Dir(), "album"))
	require.ErrorIs(t, err, fs.ErrNotExist)
}

func TestRemoveIdle(t *testing.T) {
	h := newIdleAlbum(t)
	require.NoError(t, h.Remove(h.tor, Delete))
	_, err := os.Stat(filepath.Join(h.dir, "album"))
	require.ErrorIs(t, err, fs.ErrNotExist)
	_, err = os.Stat(h.tor.run().copyPath())
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

// TestFolderVanishesWhileIdle does not serve the pieces that cannot be read, as if the file
// had vanished while the torrent was open. Nothing is written to the folder.
func TestFolderVanishesWhileIdle(t *testing.T) {
	h := newIdleAlbum(t)
	events := h.Events(AllEvents, 0)
	require.NoError(t, os.Rename(filepath.Join(h.dir, "album", "b"), filepath.Join(h.dir, "b")))
	_, err := h.tor.ReadAt(make([]byte, 10), 0)
	require.ErrorIs(t, err, fs.ErrNotExist)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		h.download(t, ctx)
	}()
	var warning engine.Warning
	for e := range events.All(ctx) {
		if w, ok := e.(engine.Warning); ok {
			warning = w
			break
		}
	}
	cancel()
	<-ended
	var open *StoreError
	require.ErrorAs(t, warning.Err, &open)
	require.Equal(t, h.tor.run().geometry.Pieces(), h.tor.Stats().Held, "it may come back; a check decides")
	require.NoFileExists(t, filepath.Join(h.dir, "album", "b"))
	require.NoError(t, h.tor.Recheck(within(t)), "a check finds out")
	require.Equal(t, 18, h.tor.Stats().Held, "the pieces of a and c, but those that b has a part of")
	require.NoError(t, os.Rename(filepath.Join(h.dir, "b"), filepath.Join(h.dir, "album", "b")))
	require.NoError(t, h.tor.Recheck(within(t)))
	require.Equal(t, 1.0, h.tor.Progress())
}

// TestTouchedWhileIdle touches a file. The record keeps the old time, so that the next
// run checks the file.
func TestTouchedWhileIdle(t *testing.T) {
	h := newIdleAlbum(t)
	now := time.Now().Add(time.Hour)
	require.NoError(t, os.Chtimes(filepath.Join(h.dir, "album", "a"), now, now))
	_, err := h.tor.ReadAt(make([]byte, 10), 0)
	require.NoError(t, err)
	h.tor.run().becomeIdle()
	h.awaitIdle(t)
	require.NoError(t, h.Close())
	h.start(t)
	require.Equal(t, h.tor.run().geometry.Pieces(), h.tor.Stats().ToCheck)
}

func TestRecordVanishesWhileIdle(t *testing.T) {
	h := newIdleAlbum(t)
	require.NoError(t, os.Remove(filepath.Join(h.tor.run().folder.Path(h.tor.ID()), "resume")))
	require.NoError(t, h.download(t, within(t)))
	require.Zero(t, h.record(t).Pieces.Count(), "nobody knows what happened to the files")
	require.Empty(t, h.record(t).Owned, "or what is ours")
	h.tor.run().becomeIdle()
	h.awaitIdle(t)
	require.Equal(t, h.tor.run().geometry.Pieces(), h.record(t).Pieces.Count(), "now they were read")
	require.NoError(t, h.Close())
	h.start(t)
	require.Zero(t, h.tor.Stats().ToCheck)
}

func TestTrackersSetWhileIdle(t *testing.T) {
	h := newIdleAlbum(t)
	tiers := [][]string{{"http://127.0.0.1:1/announce"}}
	require.NoError(t, h.tor.SetTrackers(tiers))
	require.NoError(t, h.Close())
	require.Equal(t, tiers, h.record(t).Totals.Trackers)
	require.Equal(t, resume.Clean, h.record(t).State)
	h.start(t)
	require.Equal(t, tiers, h.tor.AnnounceURLs())
}

// TestBecomeIdleWhileWriting stays open while a write is not recorded yet.
func TestBecomeIdleWhileWriting(t *testing.T) {
	h := newIdleAlbum(t)
	require.NoError(t, h.tor.Recheck(within(t)))
	o := h.tor.run().storage.Current()
	require.NotNil(t, o)
	// A write comes when all was recorded, and before everything is closed.
	slow := &slowReads{Storage: o.Storage, begun: make(chan struct{}), finish: make(chan struct{})}
	o.Storage = slow
	go h.tor.run().storage.ReadAt(make([]byte, 1), 0)
	<-slow.begun
	done := make(chan struct{})
	go func() {
		defer close(done)
		h.tor.run().becomeIdle()
	}()
	require.Eventually(t, func() bool { return !o.Recorder.SavePending() }, time.Minute, time.Millisecond)
	for h.tor.run().storage.WriteLane(0) >= 0 { // until becomeIdle waits for the lock
		select {
		case <-done:
			require.FailNow(t, "it did not become idle")
		default:
			runtime.Gosched()
		}
	}
	o.Recorder.ScheduleSave()
	o.Storage = slow.Storage
	close(slow.finish)
	<-done
	require.Same(t, o, h.tor.run().storage.Current(), "it goes on")
	h.tor.run().becomeIdle()
	require.Nil(t, h.tor.run().storage.Current())
}

// TestTorrentsWaitToBecomeIdle takes all slots. Close does not wait for a slot.
func TestTorrentsWaitToBecomeIdle(t *testing.T) {
	h := newIdleAlbum(t)
	for range maxBecomingIdle {
		h.idleSlots <- struct{}{}
	}
	_, err := h.tor.ReadAt(make([]byte, 10), 0)
	require.NoError(t, err)
	h.tor.run().storage.Idle()
	for range 100 {
		runtime.Gosched()
	}
	require.NotNil(t, h.tor.run().storage.Current())
	<-h.idleSlots
	h.awaitIdle(t)
	_, err = h.tor.ReadAt(make([]byte, 10), 0)
	require.NoError(t, err)
	h.idleSlots <- struct{}{}
	h.tor.run().storage.Idle()
	require.NoError(t, h.Close())
}

// TestSyncFailsBeforeIdle keeps the torrent open if it cannot be synced.
func TestSyncFailsBeforeIdle(t *testing.T) {
	h := newIdleAlbum(t)
	_, err := h.tor.ReadAt(make([]byte, 10), 0)
	require.NoError(t, err)
	o := h.tor.run().storage.Current()
	trouble := errors.New("trouble")
	o.Storage = &unsyncable{o.Storage.(*diskstore.Store), trouble}
	events := h.Events(AllEvents, 0)
	h.tor.run().becomeIdle()
	require.Same(t, o, h.tor.run().storage.Current())
	for e := range events.All(within(t)) {
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

// TestRemoveMeetsATorrentThatBecomesIdle removes a torrent with its content while it waits
// to become idle. What Remove reopened must stay open until it is deleted.
func TestRemoveMeetsATorrentThatBecomesIdle(t *testing.T) {
	h := newIdleAlbum(t)
	h.tor.run().lifecycle.Lock()
	idle, removed := make(chan struct{}), make(chan error)
	go func() {
		defer close(idle)
		h.tor.run().becomeIdle()
	}()
	for range 100 {
		runtime.Gosched()
	}
	go func() { removed <- h.Remove(h.tor, Delete) }()
	isOpen := false
	for i := 0; i < 100_000 && !isOpen; i++ {
		runtime.Gosched()
		isOpen = h.tor.run().storage.Current() != nil
	}
	h.tor.run().lifecycle.Unlock()
	require.NoError(t, <-removed)
	require.False(t, isOpen, "Remove waits, so that nothing becomes idle between opening and deleting")
	<-idle
	require.NoDirExists(t, filepath.Join(h.dir, "album"))
}

// slowReads is a Storage whose reads end when somebody says so.
type slowReads struct {
	swarm.Storage
	begun, finish chan struct{}
}

func (s *slowReads) ReadAt(p []byte, off int64) (int, error) {
	close(s.begun)
	<-s.finish
	return s.Storage.ReadAt(p, off)
}

func (s *slowReads) WriteLane(off int64) int { return swarm.WriteLane(s.Storage, off) }
