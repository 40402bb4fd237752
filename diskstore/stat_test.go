package diskstore

import (
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestStat(t *testing.T) {
	dir := t.TempDir()
	put(t, dir, "t/a", ones(10))
	for range 2 {
		s := mustOpen(t, dir, someFiles(), Options{NoSymlinks: true})
		stats, err := s.Stat()
		require.NoError(t, err)
		require.Len(t, stats, len(someFiles()))
		require.True(t, stats[0].Exists)
		require.False(t, stats[0].Ours)
		require.EqualValues(t, 10, stats[0].Size)
		require.WithinDuration(t, time.Now(), stats[0].ModTime, time.Minute)
		for i, f := range someFiles() {
			require.Equal(t, f.Path, stats[i].Path)
			if i > 0 {
				require.Equal(t, FileStat{Path: f.Path}, stats[i])
			}
		}
	}
	s := mustOpen(t, dir, someFiles(), Options{})
	writeAll(t, s, ones(someLength-10), 10)
	require.NoError(t, s.Close())
	stats, err := s.Stat()
	require.NoError(t, err)
	for i, f := range someFiles() {
		require.Equal(t, !f.Pad, stats[i].Exists, f.Path)
		require.Equal(t, i > 0 && !f.Pad, stats[i].Ours, f.Path)
		if !f.Pad {
			require.Equal(t, f.Length, stats[i].Size, f.Path)
		}
	}
	require.Zero(t, s.handles.Open())
}

func TestStatWithoutFolder(t *testing.T) {
	s := mustOpen(t, filepath.Join(t.TempDir(), "none"), someFiles(), Options{Owned: []string{"t/a"}})
	stats, err := s.Stat()
	require.NoError(t, err)
	require.Equal(t, FileStat{Path: "t/a", Ours: true}, stats[0])
}

func TestStatFails(t *testing.T) {
	fake := &fakeFS{}
	s := mustOpen(t, t.TempDir(), someFiles(), Options{FS: fake})
	fake.set(func(op, name string) error {
		if op == "lstat" && name == "t/d/b" {
			return syscall.EIO
		}
		return nil
	})
	_, err := s.Stat()
	require.EqualError(t, err, "diskstore: stat t/d/b: "+syscall.EIO.Error())
}
