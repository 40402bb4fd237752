package diskstore

import (
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/shoal-bt/shoal/swarm"
)

// Sync syncs each file that was written to since the last Sync, and no other.
func TestSyncsWhatWasWritten(t *testing.T) {
	var mu sync.Mutex
	var synced []string
	fake := &fakeFS{hook: func(op, name string) error {
		mu.Lock()
		defer mu.Unlock()
		if op == "sync" || op == "syncfolder" {
			synced = append(synced, op+" "+name)
		}
		return nil
	}}
	s := mustOpen(t, t.TempDir(), someFiles(), Options{FS: fake, NoSymlinks: true})
	require.NoError(t, s.Sync())
	require.Empty(t, synced)
	writeAll(t, s, ones(12), 0)
	require.NoError(t, s.Sync())
	require.ElementsMatch(t, []string{"sync t/a", "syncfolder .", "syncfolder t"}, synced)
	synced = nil
	require.NoError(t, s.Sync())
	require.Empty(t, synced)
	_, err := s.WriteVecAt([][]byte{ones(7)}, 21)
	require.NoError(t, err)
	writeAll(t, s, ones(1), 0)
	require.NoError(t, s.Sync())
	require.ElementsMatch(t, []string{"sync t/a", "sync t/d/e/run", "syncfolder t", "syncfolder t/d", "syncfolder t/d/e"}, synced)
}

// Files that were closed to free a handle are synced too.
func TestSyncsEvictedFiles(t *testing.T) {
	fake := &fakeFS{}
	s := mustOpen(t, t.TempDir(), cutFiles(50, nil, 1), Options{FS: fake, Handles: NewHandles(3)})
	defer s.Close()
	writeAll(t, s, ones(50), 0)
	require.NoError(t, s.Sync())
	require.Equal(t, 50, fake.count("sync"))
}

// TestSyncsSideBySide has syncs that end only when others have begun. The error is that of
// the first file, whichever ended first.
func TestSyncsSideBySide(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fake := &fakeFS{}
		s := mustOpen(t, t.TempDir(), cutFiles(20, nil, 1), Options{FS: fake})
		writeAll(t, s, ones(20), 0)
		var mu sync.Mutex
		under, most := 0, 0
		fake.set(func(op, name string) error {
			if op != "sync" {
				return nil
			}
			mu.Lock()
			under++
			most = max(most, under)
			mu.Unlock()
			if name == s.files[3].Path {
				time.Sleep(time.Minute)
			}
			time.Sleep(time.Second)
			mu.Lock()
			under--
			mu.Unlock()
			if name == s.files[3].Path || name == s.files[9].Path {
				return &os.PathError{Op: op, Path: name, Err: syscall.EIO}
			}
			return nil
		})
		err := s.Sync()
		require.ErrorIs(t, err, syscall.EIO)
		require.ErrorContains(t, err, s.files[3].Path)
		require.Equal(t, syncsAtOnce, most)
		require.Equal(t, 20, fake.count("sync"), "it continues after an error")
		s.Close()
	})
}

func TestFailedWriteIsSyncedToo(t *testing.T) {
	fake := &fakeFS{}
	s := mustOpen(t, t.TempDir(), someFiles(), Options{FS: fake})
	writeAll(t, s, ones(5), 0)
	require.NoError(t, s.Sync())
	fake.set(func(op, _ string) error {
		if op == "write" {
			return syscall.ENOSPC
		}
		return nil
	})
	_, err := s.WriteAt(ones(5), 0)
	require.ErrorIs(t, err, syscall.ENOSPC)
	before := fake.count("sync")
	require.NoError(t, s.Sync())
	require.Equal(t, before+1, fake.count("sync"))
}

// Linux reports a failed write-back once, and the next fsync succeeds, though
// the bytes are lost. So a file whose sync failed once stays failed.
func TestFailedSyncIsNotForgotten(t *testing.T) {
	fail := true
	fake := &fakeFS{hook: func(op, name string) error {
		if op == "sync" && name == "t/a" && fail {
			return syscall.EIO
		}
		return nil
	}}
	s := mustOpen(t, t.TempDir(), someFiles(), Options{FS: fake})
	writeAll(t, s, ones(someLength), 0)
	for range 3 {
		err := s.Sync()
		require.ErrorIs(t, err, syscall.EIO)
		require.EqualError(t, err, "diskstore: sync t/a: "+syscall.EIO.Error())
		fail = false
	}
	require.Equal(t, 3, fake.count("sync"), "the other files were synced once")
}

// A Sync covers every write before it, even if another Sync is already syncing the
// file.
func TestSyncWaitsForAnother(t *testing.T) {
	var s *Store
	var once sync.Once
	var ended atomic.Bool
	second := make(chan error, 1)
	fake := &fakeFS{hook: func(op, name string) error {
		if op != "sync" {
			return nil
		}
		once.Do(func() {
			go func() {
				err := s.Sync()
				ended.Store(true)
				second <- err
			}()
			for range 10000 {
				runtime.Gosched()
			}
			if ended.Load() {
				t.Error("Sync returned before the other Sync had synced the file")
			}
		})
		return syscall.EIO
	}}
	s = mustOpen(t, t.TempDir(), someFiles(), Options{FS: fake})
	writeAll(t, s, ones(5), 0)
	require.ErrorIs(t, s.Sync(), syscall.EIO)
	require.ErrorIs(t, <-second, syscall.EIO)
}

// Sync works on many files with few handles while others write.
func TestSyncDuringWrites(t *testing.T) {
	s := mustOpen(t, t.TempDir(), cutFiles(200, nil, 10), Options{Handles: NewHandles(3)})
	defer s.Close()
	want := ones(200)
	var wg sync.WaitGroup
	for w := range 4 {
		wg.Go(func() {
			for i := range 50 {
				off := w*50 + i
				if _, err := swarm.WriteVecAt(s, [][]byte{want[off : off+1]}, int64(off)); err != nil {
					t.Error(err)
				}
			}
		})
		wg.Go(func() {
			for range 3 {
				if err := s.Sync(); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	got := make([]byte, 200)
	_, err := s.ReadAt(got, 0)
	require.NoError(t, err)
	require.Equal(t, want, got)
}

// A run that crashed may have left bytes that are not stable. They are verified and
// recorded later, so the first Sync of the next store covers them.
func TestFirstSyncCoversFormerStores(t *testing.T) {
	dir := t.TempDir()
	s := mustOpen(t, dir, someFiles(), Options{})
	writeAll(t, s, ones(someLength), 0)
	owned := s.Owned()
	require.NoError(t, s.Close())
	require.NoError(t, os.Chmod(filepath.Join(dir, "t/a"), 0o444))
	fake := &fakeFS{}
	s = mustOpen(t, dir, someFiles(), Options{FS: fake, Owned: owned})
	require.NoError(t, s.Sync())
	require.Equal(t, len(s.spans), fake.count("sync"))
	require.NoError(t, s.Sync())
	require.Equal(t, len(s.spans), fake.count("sync"), "once")
}
