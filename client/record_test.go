package client

import (
	"errors"
	"io/fs"
	"net/netip"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/shoal-bt/shoal/client/internal/statefolder"
	"github.com/shoal-bt/shoal/diskstore"
	"github.com/shoal-bt/shoal/engine"
	"github.com/shoal-bt/shoal/metainfo"
	"github.com/shoal-bt/shoal/metainfo/builder"
)

// A checkingFS reports a fault if a file is made that the record on disk does not list.
type checkingFS struct {
	diskstore.OS
	state string
	fault func(name string)
}

func (h checkingFS) OpenFolder(dir string, create bool) (diskstore.Folder, error) {
	f, err := h.OS.OpenFolder(dir, create)
	return checkingFolder{f, h, dir}, err
}

type checkingFolder struct {
	diskstore.Folder
	checkingFS
	dir string
}

func (f checkingFolder) check(name string) {
	folder, err := statefolder.OpenRecords(f.state, f.dir)
	if err != nil {
		f.fault(err.Error())
		return
	}
	ids, err := folder.IDs()
	if err != nil || len(ids) != 1 {
		f.fault("no record")
		return
	}
	r, err := folder.Load(ids[0])
	if err != nil || !r.Owns(name) {
		f.fault(name)
	}
}

func (f checkingFolder) OpenFile(name string, flag int, perm fs.FileMode) (diskstore.File, error) {
	if flag&os.O_CREATE != 0 {
		f.check(name)
	}
	return f.Folder.OpenFile(name, flag, perm)
}

func (f checkingFolder) Mkdir(name string, perm fs.FileMode) error {
	f.check(name + "/")
	return f.Folder.Mkdir(name, perm)
}

// metaOf returns the metainfo of a torrent.
func metaOf(t *testing.T, tor *Torrent) *metainfo.Torrent {
	t.Helper()
	m, err := tor.Metainfo()
	require.NoError(t, err)
	return m
}

// TestRecordThatCannotBeSaved takes the state folder away from under a client.
func TestRecordThatCannotBeSaved(t *testing.T) {
	seeder, meta := album(t)
	state := filepath.Join(t.TempDir(), "state")
	c, err := New(Config{Dir: t.TempDir(), State: state, Listen: Off, Save: 10 * time.Millisecond})
	require.NoError(t, err)
	defer c.Close()
	tor, err := c.Add(t.Context(), meta)
	require.NoError(t, err)
	require.NoError(t, tor.AddPeers(seeder.Addr()))
	require.NoError(t, tor.Wait(within(t)))
	events := tor.Events(OnWarning, 0) // a save may be due at once
	require.NoError(t, os.Rename(state, state+".away"))
	require.NoError(t, os.WriteFile(state, nil, 0o600))
	require.NoError(t, tor.Recheck(within(t)))
	require.NoError(t, tor.SetFirstLast(true), "so that there is something to save")
	for {
		e, err := events.Next(within(t))
		require.NoError(t, err)
		if w, ok := e.(engine.Warning); ok {
			require.ErrorContains(t, w.Err, "saving the record: ")
			break
		}
	}
	require.True(t, tor.Stats().Complete(), "the torrent goes on")
}

// album makes a folder of files, seeds it, and returns the seeder and the torrent.
func album(t *testing.T) (*Client, *metainfo.Torrent) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "album")
	require.NoError(t, os.MkdirAll(filepath.Join(dir, "in"), 0o777))
	for i, name := range []string{"a", "b", "in/c"} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), slices.Repeat([]byte{byte(i), 7, 9}, 50_000), 0o666))
	}
	c, err := New(Config{Dir: dir, State: Off, Listen: "127.0.0.1:0"})
	require.NoError(t, err)
	t.Cleanup(func() { c.Close() })
	seed, err := c.Seed(t.Context(), dir, SeedOptions{Build: builder.Options{PieceLength: 16 << 10}})
	require.NoError(t, err)
	return c, metaOf(t, seed)
}

func TestRecordedBeforeMade(t *testing.T) {
	seeder, meta := album(t)
	state := t.TempDir()
	var mu sync.Mutex
	var faults []string
	c, err := New(Config{
		Dir: t.TempDir(), State: state, Listen: Off,
		Disk: diskstore.Options{FS: checkingFS{state: state, fault: func(name string) {
			mu.Lock()
			defer mu.Unlock()
			faults = append(faults, name)
		}}},
	})
	require.NoError(t, err)
	tor, err := c.Add(t.Context(), meta, AddOptions{Peers: []netip.AddrPort{seeder.Addr()}})
	require.NoError(t, err)
	require.NoError(t, tor.Wait(within(t)))
	require.NoError(t, c.Close())
	require.Empty(t, faults)
	require.FileExists(t, filepath.Join(tor.Dir(), "album", "in", "c"))
}

// TestFileVanishes takes a file away while a client runs. Its pieces must not be
// trusted by the next one.
func TestFileVanishes(t *testing.T) {
	seeder, meta := album(t)
	dir, state := t.TempDir(), t.TempDir()
	for run := range 2 {
		c, err := New(Config{Dir: dir, State: state, Listen: Off, Save: -1})
		require.NoError(t, err)
		tor, err := c.Add(t.Context(), meta, AddOptions{Peers: []netip.AddrPort{seeder.Addr()}})
		require.NoError(t, err)
		require.NoError(t, tor.Wait(within(t)))
		path := filepath.Join(dir, "album", "b")
		require.FileExists(t, path)
		if run == 0 {
			require.NoError(t, os.Remove(path))
			require.ErrorIs(t, c.Close(), fs.ErrNotExist)
			continue
		}
		require.NoError(t, c.Close())
	}
}

// TestSaved expects pieces that were written, lost and found in the record, before Close.
func TestSaved(t *testing.T) {
	seeder, meta := album(t)
	dir, state := t.TempDir(), t.TempDir()
	all := meta.Info.Pieces()
	c, err := New(Config{Dir: dir, State: state, Listen: Off, Save: time.Millisecond})
	require.NoError(t, err)
	defer c.Close()
	tor, err := c.Add(t.Context(), meta, AddOptions{Peers: []netip.AddrPort{seeder.Addr()}})
	require.NoError(t, err)
	require.NoError(t, tor.Wait(within(t)))
	recorded := func(state string, pieces int) {
		t.Helper()
		folder, err := statefolder.OpenRecords(state, dir)
		require.NoError(t, err)
		require.Eventually(t, func() bool {
			r, err := folder.Load(tor.ID())
			return err == nil && r.Pieces.Count() == pieces
		}, time.Minute, time.Millisecond)
	}
	recorded(state, all)

	require.NoError(t, seeder.Close())
	f, err := os.OpenFile(filepath.Join(dir, "album", "a"), os.O_WRONLY, 0)
	require.NoError(t, err)
	_, err = f.WriteAt([]byte("wrong"), 10)
	require.NoError(t, err)
	require.NoError(t, f.Close())
	require.NoError(t, tor.Recheck(within(t)))
	recorded(state, all-1)

	other := t.TempDir()
	d, err := New(Config{Dir: dir, State: other, Listen: Off, Save: time.Millisecond})
	require.NoError(t, err)
	defer d.Close()
	_, err = d.Add(t.Context(), meta)
	require.NoError(t, err)
	recorded(other, all-1)
}

// TestUnsaved has a state folder that cannot be written to: adding fails, and
// leaves nothing behind.
func TestUnsaved(t *testing.T) {
	_, meta := album(t)
	state := t.TempDir()
	c, err := New(Config{Dir: t.TempDir(), State: state, Listen: Off})
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(state, "torrents"), nil, 0o666))
	_, err = c.Add(t.Context(), meta)
	require.Error(t, err)
	require.Empty(t, c.Torrents())
	require.NoError(t, os.Remove(filepath.Join(state, "torrents")))
	_, err = c.Add(t.Context(), meta)
	require.NoError(t, err)
	require.NoError(t, c.Close())
}

// TestRaces adds, removes and closes from many goroutines at once.
func TestRaces(t *testing.T) {
	_, meta := album(t)
	before := runtime.NumGoroutine()
	for range 20 {
		c, err := New(Config{Dir: t.TempDir(), State: t.TempDir(), Listen: Off, Save: time.Nanosecond})
		require.NoError(t, err)
		events := c.Events(AllEvents, 10)
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				tor, err := c.Add(t.Context(), meta)
				if err != nil {
					if !errors.Is(err, ErrDuplicate) && !errors.Is(err, ErrClosed) {
						t.Error(err)
					}
					return
				}
				tor.Pause()
				tor.Stats()
				if err := c.Remove(tor, Delete); err != nil && !errors.Is(err, ErrClosed) {
					t.Error(err)
				}
			})
		}
		wg.Go(func() {
			if err := c.Close(); err != nil {
				t.Error(err)
			}
		})
		wg.Go(func() {
			for range events.All(within(t)) {
			}
		})
		wg.Wait()
		require.NoError(t, c.Close())
	}
	for range 1000 { // what ends takes its time
		if runtime.NumGoroutine() <= before {
			break
		}
		runtime.GC()
	}
	require.LessOrEqual(t, runtime.NumGoroutine(), before)
}
