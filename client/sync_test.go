package client

import (
	"bytes"
	"io/fs"
	"net/netip"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/shoal-bt/shoal/client/internal/modified"
	"github.com/shoal-bt/shoal/diskstore"
	"github.com/shoal-bt/shoal/engine"
	"github.com/shoal-bt/shoal/metainfo"
	"github.com/shoal-bt/shoal/resume"
)

// A halfAlbum is a client that has two of the three files of an album, and a seed with all of it.
type halfAlbum struct {
	*Client
	tor  *Torrent
	meta *metainfo.Torrent
	seed netip.AddrPort
	dir  string
}

func newHalfAlbum(t *testing.T, save time.Duration) *halfAlbum {
	t.Helper()
	seeder, meta := album(t)
	h := &halfAlbum{meta: meta, seed: seeder.Addr(), dir: t.TempDir()}
	first, err := New(Config{Dir: h.dir, State: Off, Listen: Off})
	require.NoError(t, err)
	tor, err := first.Add(t.Context(), meta, AddOptions{Peers: []netip.AddrPort{h.seed}})
	require.NoError(t, err)
	require.NoError(t, tor.Wait(within(t)))
	require.NoError(t, first.Close())
	require.NoError(t, os.Remove(h.path("b")))
	h.Client, err = New(Config{Dir: h.dir, State: t.TempDir(), Listen: Off, Save: save})
	require.NoError(t, err)
	t.Cleanup(func() { h.Close() })
	h.tor, err = h.Add(t.Context(), meta, AddOptions{Overwrite: true})
	require.NoError(t, err)
	require.Eventually(t, func() bool { return h.tor.Stats().Phase == engine.PhaseRunning }, time.Minute, time.Millisecond)
	require.Equal(t, 18, h.tor.Stats().Held)
	return h
}

func (h *halfAlbum) path(name string) string { return filepath.Join(h.dir, "album", name) }

// overwrite changes a byte of a file, as another program does at a later time.
func (h *halfAlbum) overwrite(t *testing.T, name string) {
	t.Helper()
	f, err := os.OpenFile(h.path(name), os.O_RDWR, 0)
	require.NoError(t, err)
	_, err = f.WriteAt([]byte("another program"), 40_000)
	require.NoError(t, err)
	require.NoError(t, f.Close())
	h.touch(t, name)
}

func (h *halfAlbum) touch(t *testing.T, name string) {
	t.Helper()
	h.touchAt(t, name, time.Hour)
}

// touchAt sets a file's modification time to one after now.
func (h *halfAlbum) touchAt(t *testing.T, name string, after time.Duration) {
	t.Helper()
	later := time.Now().Add(after)
	require.NoError(t, os.Chtimes(h.path(name), later, later))
}

// TestChangedByAnotherProgram changes files during a download. It must not be reported as
// complete, and what was changed is fetched after Resume.
func TestChangedByAnotherProgram(t *testing.T) {
	for name, change := range map[string]func(*testing.T, *halfAlbum) error{
		"overwritten": func(t *testing.T, h *halfAlbum) error { h.overwrite(t, "a"); return ErrModified },
		"cut":         func(t *testing.T, h *halfAlbum) error { return os.Truncate(h.path("in/c"), 50_000) },
		"longer":      func(t *testing.T, h *halfAlbum) error { return os.Truncate(h.path("in/c"), 500_000) },
		"deleted":     func(t *testing.T, h *halfAlbum) error { return os.Remove(h.path("in/c")) },
		"replaced": func(t *testing.T, h *halfAlbum) error {
			require.NoError(t, os.WriteFile(h.path("new"), bytes.Repeat([]byte{7}, int(sizeOf(t, h.path("in/c")))), 0o666))
			return os.Rename(h.path("new"), h.path("in/c"))
		},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHalfAlbum(t, time.Hour)
			events := h.Events(engine.OnCompleted|engine.OnFailed, 0)
			err := change(t, h)
			if err != ErrModified {
				require.NoError(t, err)
			}
			require.NoError(t, h.tor.AddPeers(h.seed))
			err = h.tor.Wait(within(t))
			require.Error(t, err)
			e, nextErr := events.Next(within(t))
			require.NoError(t, nextErr)
			require.IsType(t, engine.Failed{}, e, "and not complete")
			require.Equal(t, engine.PhaseFailed, h.tor.Stats().Phase)
			h.Close() // returns the error, or nil if the torrent has said it
			r, err := h.tor.run().folder.Load(h.tor.ID())
			require.NoError(t, err)
			require.Equal(t, resume.Open, r.State, "the next run does not trust it")
		})
	}
}

func sizeOf(t *testing.T, path string) int64 {
	t.Helper()
	info, err := os.Stat(path)
	require.NoError(t, err)
	return info.Size()
}

// TestTouchedByAnotherProgram changes times without changing bytes, as file systems on a
// network do by themselves.
func TestTouchedByAnotherProgram(t *testing.T) {
	h := newHalfAlbum(t, time.Hour)
	for i := range 2 * modified.MaxFalseAlarms {
		h.touch(t, "a")
		h.tor.run().storage.Current().Storage.(*diskstore.Store).Complete() // notices
		require.True(t, h.tor.run().storage.Current().Recorder.FlushNow())
		require.LessOrEqual(t, h.tor.run().modified.FalseAlarms(), modified.MaxFalseAlarms, "%d", i)
		require.NoError(t, h.tor.run().syncContent(h.tor.run().storage.Current().Storage))
	}
	require.Equal(t, modified.MaxFalseAlarms, h.tor.run().modified.FalseAlarms(), "it does not read for ever")
	h.touch(t, "in/c")
	require.NoError(t, h.tor.AddPeers(h.seed))
	require.NoError(t, h.tor.Wait(within(t)))
	require.Equal(t, modified.MaxFalseAlarms+1, h.tor.run().modified.FalseAlarms(), "but once more at the end")
	require.Empty(t, h.tor.run().modified.ToCheck(true))
}

// TestChangedAfterFalseAlarms changes a file whose time no longer says anything, and stops
// before the download is complete. The next run checks that file.
func TestChangedAfterFalseAlarms(t *testing.T) {
	h := newHalfAlbum(t, time.Hour)
	store := h.tor.run().storage.Current().Storage
	notice := func() {
		_ = store.(*diskstore.Store).Complete() // as a write does
		require.NoError(t, h.tor.run().syncContent(store))
	}
	for range modified.MaxFalseAlarms {
		h.touch(t, "a")
		notice()
	}
	require.Equal(t, modified.MaxFalseAlarms, h.tor.run().modified.FalseAlarms())
	h.overwrite(t, "a")
	h.touchAt(t, "a", 2*time.Hour)
	notice()
	require.NoError(t, h.Close())

	c, err := New(Config{Dir: h.dir, State: h.config.State, Listen: Off})
	require.NoError(t, err)
	defer c.Close()
	tor, err := c.Add(t.Context(), h.meta)
	require.NoError(t, err)
	require.Eventually(t, func() bool { return tor.Stats().Phase == engine.PhaseRunning }, time.Minute, time.Millisecond)
	require.Equal(t, 17, tor.Stats().Held)
}

// TestSaveNoticesAChange fails the torrent at the next save, and does not wait for the end.
func TestSaveNoticesAChange(t *testing.T) {
	h := newHalfAlbum(t, time.Hour)
	o := h.tor.run().storage.Current()
	h.overwrite(t, "in/c")
	require.NoError(t, h.tor.Recheck(within(t)))
	require.Equal(t, 17, h.tor.Stats().Held, "a check finds out by itself")
	require.True(t, o.Recorder.FlushNow())

	h.overwrite(t, "a")
	_ = o.Storage.(*diskstore.Store).Complete() // notices, as a write does
	o.Recorder.Config.Keeper.Wrote(0)
	require.False(t, o.Recorder.FlushNow())
	require.ErrorIs(t, h.tor.Stats().Err, ErrModified)
	r, err := h.tor.run().folder.Load(h.tor.ID())
	require.NoError(t, err)
	require.Equal(t, resume.Open, r.State)
	require.NoError(t, h.tor.Resume())
	require.Eventually(t, func() bool { return h.tor.Stats().Phase == engine.PhaseRunning }, time.Minute, time.Millisecond)
	require.Less(t, h.tor.Stats().Held, 17)
}

// TestSaveNoticesADeletion fails a torrent whose file is gone when its record is saved, not
// when all the rest was downloaded in vain.
func TestSaveNoticesADeletion(t *testing.T) {
	h := newHalfAlbum(t, time.Hour)
	o := h.tor.run().storage.Current()
	block := make([]byte, 10)
	_, err := o.Storage.ReadAt(block, 0)
	require.NoError(t, err)
	_, err = o.Storage.WriteAt(block, 0)
	require.NoError(t, err)
	o.Recorder.Config.Keeper.Wrote(0)
	require.NoError(t, os.Remove(h.path("a")))
	require.False(t, o.Recorder.FlushNow())
	require.ErrorIs(t, h.tor.Stats().Err, fs.ErrNotExist)
}

// TestChangedAfterTheDownload changes a file of a complete torrent. The record keeps the
// time of our own write, so the next run checks it.
func TestChangedAfterTheDownload(t *testing.T) {
	for name, wait := range map[string]func(*halfAlbum){
		"while it is open": func(*halfAlbum) {},
		"while it is idle": func(h *halfAlbum) { h.tor.run().becomeIdle() },
	} {
		t.Run(name, func(t *testing.T) {
			h := newHalfAlbum(t, time.Millisecond)
			require.NoError(t, h.tor.AddPeers(h.seed))
			require.NoError(t, h.tor.Wait(within(t)))
			wait(h)
			h.overwrite(t, "b")
			h.Close()
			c, err := New(Config{Dir: h.dir, State: h.config.State, Listen: Off})
			require.NoError(t, err)
			defer c.Close()
			tor, err := c.Add(t.Context(), h.meta)
			require.NoError(t, err)
			require.Eventually(t, func() bool { return tor.Stats().Phase == engine.PhaseRunning }, time.Minute, time.Millisecond)
			require.Less(t, tor.Stats().Held, h.meta.Info.Pieces())
		})
	}
}

// TestChangedBeforeIdle changes a file of a complete torrent before it becomes idle.
func TestChangedBeforeIdle(t *testing.T) {
	h := newHalfAlbum(t, time.Hour)
	require.NoError(t, h.tor.AddPeers(h.seed))
	require.NoError(t, h.tor.Wait(within(t)))
	events := h.Events(engine.OnFailed, 0)
	o := h.tor.run().storage.Current()
	require.True(t, o.Recorder.FlushNow())
	h.overwrite(t, "a")
	_ = o.Storage.(*diskstore.Store).Complete() // notices, as opening the file does
	h.tor.run().becomeIdle()
	e, err := events.Next(within(t))
	require.NoError(t, err)
	require.ErrorIs(t, ErrorOf(e), ErrModified)
	require.NotNil(t, h.tor.run().storage.Current(), "it is not idle")
	require.NoError(t, h.tor.Resume())
	require.NoError(t, h.tor.Wait(within(t)), "what was changed is fetched")
}

// TestReadOnly writes nothing to content that is shared, also if some of it is missing.
func TestReadOnly(t *testing.T) {
	h := newHalfAlbum(t, time.Hour)
	c, err := New(Config{Dir: h.dir, State: Off, Listen: Off})
	require.NoError(t, err)
	defer c.Close()
	tor, err := c.Add(t.Context(), h.meta, AddOptions{ReadOnly: true, Overwrite: true, Peers: []netip.AddrPort{h.seed}})
	require.NoError(t, err)
	require.ErrorIs(t, tor.Wait(within(t)), ErrReadOnly)
	require.NoFileExists(t, h.path("b"))
}

// TestNoCleanRecordAfterAnError closes a torrent after a sync that failed because a file had
// been replaced. The engine's Close does not return that.
func TestNoCleanRecordAfterAnError(t *testing.T) {
	h := newHalfAlbum(t, time.Hour)
	require.Error(t, h.tor.run().noteContentError(&StoreError{Op: "sync", Err: fs.ErrNotExist}))
	require.NoError(t, h.Close())
	r, err := h.tor.run().folder.Load(h.tor.ID())
	require.NoError(t, err)
	require.Equal(t, resume.Open, r.State)
}
