package diskstore

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestRemove(t *testing.T) {
	dir := t.TempDir()
	s := mustOpen(t, dir, someFiles(), Options{})
	writeAll(t, s, ones(someLength), 0)
	require.NoError(t, s.Remove())
	require.Empty(t, tree(t, dir))
	require.DirExists(t, dir)
	require.Empty(t, s.Owned())
	require.Zero(t, s.handles.Open())
	require.NoError(t, s.Remove(), "nothing is left to delete")
}

// The next run gets the owned paths from its record.
func TestRemoveByRecord(t *testing.T) {
	dir := t.TempDir()
	s := mustOpen(t, dir, someFiles(), Options{})
	writeAll(t, s, ones(someLength), 0)
	owned := s.Owned()
	require.NoError(t, s.Close())
	require.NoError(t, mustOpen(t, dir, someFiles(), Options{}).Remove())
	require.Len(t, tree(t, dir), 8, "nothing is ours without a record")
	require.NoError(t, mustOpen(t, dir, someFiles(), Options{Owned: owned}).Remove())
	require.Empty(t, tree(t, dir))
}

// Remove deletes nothing that is not in the torrent, whatever the record lists.
func TestRemoveIgnoresForeignPaths(t *testing.T) {
	dir := t.TempDir()
	mine := put(t, dir, "mine", ones(3))
	put(t, dir, "t/mine", ones(3))
	put(t, dir, "t/a", ones(10))
	require.NoError(t, os.MkdirAll(filepath.Join(dir, "folder"), 0o777))
	s := mustOpen(t, dir, someFiles(), Options{Owned: []string{"mine", "t/mine", "folder/", "folder", "t/", "t/a", ".", "./", "../x"}})
	require.NoError(t, s.Remove())
	require.FileExists(t, mine)
	require.Equal(t, []string{"folder/", "mine", "t/", "t/mine"}, tree(t, dir), "t is ours but not empty")
}

func TestRemoveKeepsExistingFolders(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.MkdirAll(filepath.Join(dir, "t/d"), 0o777))
	s := mustOpen(t, dir, someFiles(), Options{})
	writeAll(t, s, ones(someLength), 0)
	require.NoError(t, s.Remove())
	require.Equal(t, []string{"t/", "t/d/"}, tree(t, dir))
}

func TestRemoveContinuesAfterAnError(t *testing.T) {
	dir := t.TempDir()
	fake := &fakeFS{}
	s := mustOpen(t, dir, someFiles(), Options{FS: fake})
	writeAll(t, s, ones(someLength), 0)
	fake.set(func(op, name string) error {
		if op == "remove" && name == "t/a" {
			return syscall.EACCES
		}
		return nil
	})
	require.EqualError(t, s.Remove(), "diskstore: remove t/a: "+syscall.EACCES.Error())
	require.Equal(t, []string{"t/", "t/a"}, tree(t, dir))
	require.Equal(t, []string{"t/", "t/a"}, s.Owned())
}

func TestRemoveLeavesReplacements(t *testing.T) {
	dir := t.TempDir()
	s := mustOpen(t, dir, someFiles(), Options{})
	writeAll(t, s, ones(someLength), 0)
	require.NoError(t, s.Close())
	require.NoError(t, os.Remove(filepath.Join(dir, "t/a")))
	put(t, dir, "t/a/users", ones(1))
	require.ErrorIs(t, s.Remove(), ErrForeign)
	require.FileExists(t, filepath.Join(dir, "t/a/users"))
}

func TestRemoveWithoutFolder(t *testing.T) {
	s := mustOpen(t, filepath.Join(t.TempDir(), "none"), someFiles(), Options{Owned: []string{"t/a"}})
	require.NoError(t, s.Remove())
}
