package diskstore

import (
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/shoal-bt/shoal/swarm"
)

// overwrite changes bytes of a file as another program does, at a later time.
func overwrite(t *testing.T, path string) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	require.NoError(t, err)
	_, err = f.WriteAt([]byte{99}, 1)
	require.NoError(t, err)
	require.NoError(t, f.Close())
	later := time.Now().Add(time.Hour)
	require.NoError(t, os.Chtimes(path, later, later))
}

func TestModified(t *testing.T) {
	notices := map[string]func(*testing.T, *Store) error{
		"write":        func(_ *testing.T, s *Store) error { _, err := s.WriteAt(ones(1), 0); return err },
		"vector write": func(_ *testing.T, s *Store) error { _, err := s.WriteVecAt([][]byte{ones(1)}, 0); return err },
		"complete":     func(_ *testing.T, s *Store) error { return s.Complete() },
		"reopened":     func(t *testing.T, s *Store) error { closeFiles(s); _, err := s.ReadAt(ones(1), 0); return err },
		"sync":         func(t *testing.T, s *Store) error { s.byPath["t/a"].dirty.Store(true); return s.Sync() },
	}
	for name, notice := range notices {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			s := mustOpen(t, dir, someFiles(), Options{})
			writeAll(t, s, ones(someLength), 0)
			for range 3 { // our own writes are no change
				writeAll(t, s, ones(10), 0)
				require.NoError(t, s.Sync())
				closeFiles(s)
			}
			require.NoError(t, s.Complete())
			require.Empty(t, s.Modified())
			path := filepath.Join(dir, "t/a")
			ours, known := s.ModTime("t/a")
			require.True(t, known)
			overwrite(t, path)
			before, _ := s.ModTime("t/a")
			require.Equal(t, ours, before, "the store knows its own write")
			require.NoError(t, notice(t, s))
			noticed, known := s.ModTime("t/a")
			require.True(t, known)
			require.Zero(t, noticed, "nobody knows what is in it")
			require.Equal(t, []string{"t/a"}, s.Modified())
			require.Empty(t, s.Modified(), "once")
			require.NoError(t, s.Complete())
			require.Empty(t, s.Modified())
		})
	}
}

// With many writes to a file at once, the times in between say nothing.
func TestModifiedWithParallelWrites(t *testing.T) {
	dir := t.TempDir()
	s := mustOpen(t, dir, someFiles(), Options{ParallelWrites: true})
	writeAll(t, s, ones(someLength), 0)
	require.NoError(t, s.Sync())
	writeAll(t, s, ones(10), 0)
	require.NoError(t, s.Complete())
	require.Empty(t, s.Modified())
	overwrite(t, filepath.Join(dir, "t/a"))
	require.NoError(t, s.Complete())
	require.Equal(t, []string{"t/a"}, s.Modified())
}

// A file that another program cut or deleted is an error of the next write, Sync or
// Complete, even if it was written long ago.
func TestCutWhileRunning(t *testing.T) {
	for _, size := range []int64{0, 9, 11} {
		dir := t.TempDir()
		s := mustOpen(t, dir, someFiles(), Options{})
		writeAll(t, s, ones(someLength), 0)
		require.NoError(t, s.Sync())
		require.NoError(t, os.Truncate(filepath.Join(dir, "t/a"), size))
		_, err := s.WriteAt(ones(1), 0)
		want := &SizeError{Path: "t/a", Want: 10, Have: size}
		require.Equal(t, want, err)
		_, err = s.WriteAt(ones(1), 0)
		require.NoError(t, err, "it is ours; the caller has checked it meanwhile")

		require.NoError(t, s.Sync())
		require.NoError(t, os.Truncate(filepath.Join(dir, "t/a"), size))
		require.NoError(t, s.Sync(), "nothing was written to it")
		require.Equal(t, want, s.Complete())
	}
	dir := t.TempDir()
	s := mustOpen(t, dir, someFiles(), Options{})
	writeAll(t, s, ones(someLength), 0)
	require.NoError(t, s.Complete())
	require.NoError(t, os.Remove(filepath.Join(dir, "t/a")))
	require.ErrorIs(t, s.Complete(), fs.ErrNotExist)
}

// Complete makes what no write makes: empty files and symlinks, and the size of a file
// that is too long.
func TestCompleteRestores(t *testing.T) {
	dir := t.TempDir()
	files := []swarm.File{
		{Path: "t/a", Length: 10},
		{Path: "t/empty", Offset: 10},
		{Path: "t/link", Offset: 10, Symlink: "t/a"},
	}
	s := mustOpen(t, dir, files, Options{})
	writeAll(t, s, ones(10), 0)
	require.NoError(t, s.Complete())
	require.NoError(t, os.Remove(filepath.Join(dir, "t/empty")))
	require.NoError(t, os.Remove(filepath.Join(dir, "t/link")))
	require.NoError(t, s.Complete())
	require.Len(t, tree(t, dir), 4)
	require.NoError(t, s.Close())

	require.NoError(t, os.Truncate(filepath.Join(dir, "t/a"), 12))
	s = mustOpen(t, dir, files, Options{Overwrite: true})
	require.NoError(t, s.Complete())
	info, err := os.Stat(filepath.Join(dir, "t/a"))
	require.NoError(t, err)
	require.Equal(t, int64(10), info.Size())
	require.Empty(t, s.Modified())
}

// On a file system with a coarse clock, a foreign write right after ours has the time that ours
// had before it was marked.
func TestModifiedInOneTick(t *testing.T) {
	dir := t.TempDir()
	var tick time.Time // of the last write of ours
	files := &fakeFS{mark: func(name string, modTime time.Time) time.Time {
		tick = modTime
		marked := modTime.Add(time.Millisecond)
		require.NoError(t, os.Chtimes(filepath.Join(dir, name), marked, marked))
		return marked
	}}
	s := mustOpen(t, dir, someFiles(), Options{FS: files})
	writeAll(t, s, ones(someLength), 0)
	tick = time.Time{}
	writeAll(t, s, ones(10), 0)
	require.NotZero(t, tick, "a write is marked")
	require.Empty(t, s.Modified())
	require.NoError(t, os.Chtimes(filepath.Join(dir, "t/a"), tick, tick))
	writeAll(t, s, ones(10), 0)
	require.Equal(t, []string{"t/a"}, s.Modified())
}
