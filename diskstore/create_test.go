package diskstore

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/shoal-bt/shoal/swarm"
)

// tree lists the contents of dir, folders with a trailing slash.
func tree(t testing.TB, dir string) []string {
	t.Helper()
	names := []string{}
	require.NoError(t, filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || path == dir {
			return err
		}
		name, err := filepath.Rel(dir, path)
		name = filepath.ToSlash(name)
		if d.IsDir() {
			name += "/"
		}
		names = append(names, name)
		return err
	}))
	return names
}

func TestOpenMakesNothing(t *testing.T) {
	dir := t.TempDir()
	s := mustOpen(t, filepath.Join(dir, "not", "there"), someFiles(), Options{})
	_, err := s.ReadAt(make([]byte, 5), 0)
	require.ErrorIs(t, err, fs.ErrNotExist)
	require.NoError(t, s.Sync())
	require.Empty(t, tree(t, dir))
}

func TestFilesAreMadeAtTheFirstWrite(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new", "folder")
	s := mustOpen(t, dir, someFiles(), Options{NoSymlinks: true})
	writeAll(t, s, []byte{1, 2}, 17)
	require.Equal(t, []string{"t/", "t/d/", "t/d/b", "t/empty"}, tree(t, dir), "the file that was written to, and the empty one")
	info, err := os.Stat(filepath.Join(dir, "t/d/b"))
	require.NoError(t, err)
	require.EqualValues(t, 5, info.Size(), "at full length")
	p := make([]byte, 5)
	_, err = s.ReadAt(p, 16)
	require.NoError(t, err)
	require.Equal(t, []byte{0, 1, 2, 0, 0}, p)
	n, err := s.ReadAt(make([]byte, 12), 16)
	require.Equal(t, 5, n, "the existing bytes are read")
	require.ErrorIs(t, err, fs.ErrNotExist)
	writeAll(t, s, []byte{1}, 0)
	require.Equal(t, []string{"t/", "t/a", "t/d/", "t/d/b", "t/empty"}, tree(t, dir))
	writeAll(t, s, nil, 27)
	writeAll(t, s, make([]byte, 4), 11)
	require.NotContains(t, tree(t, dir), "t/d/e/", "writing nothing, or only padding, makes no file")
}

func TestCreateMakesEmptyFilesAndSymlinks(t *testing.T) {
	dir := t.TempDir()
	files := []swarm.File{{Path: "t/x/empty"}, {Path: "t/run", Executable: true}}
	s := mustOpen(t, dir, files, Options{})
	require.NoError(t, s.Create())
	require.Equal(t, []string{"t/", "t/run", "t/x/", "t/x/empty"}, tree(t, dir))
	require.NoError(t, s.Create(), "existing files stay")
	require.NoError(t, os.Remove(filepath.Join(dir, "t/run")))
	require.NoError(t, s.Create())
	require.FileExists(t, filepath.Join(dir, "t/run"))
}

func TestExecutable(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the system has no executable bit")
	}
	dir := t.TempDir()
	s := mustOpen(t, dir, someFiles(), Options{})
	writeAll(t, s, ones(someLength), 0)
	for name, want := range map[string]bool{"t/a": false, "t/empty": false, "t/d/e/run": true} {
		info, err := os.Stat(filepath.Join(dir, name))
		require.NoError(t, err)
		require.Equal(t, want, info.Mode()&0o100 != 0, name)
	}
}

func TestSymlinks(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("making symlinks needs a privilege")
	}
	dir := t.TempDir()
	files := append(someFiles(), swarm.File{Path: "t/d/e/up", Offset: someLength, Symlink: "t/a"})
	s := mustOpen(t, dir, files, Options{})
	writeAll(t, s, ones(someLength), 0)
	for name, want := range map[string]string{"t/link": "d/b", "t/d/e/up": "../../a"} {
		target, err := os.Readlink(filepath.Join(dir, name))
		require.NoError(t, err)
		require.Equal(t, want, filepath.ToSlash(target))
		_, err = os.ReadFile(filepath.Join(dir, name))
		require.NoError(t, err, "the symlink has a target")
	}
	require.Contains(t, s.Owned(), "t/link")

	// An existing symlink stays as it is, whatever its target.
	dir = t.TempDir()
	require.NoError(t, os.Mkdir(filepath.Join(dir, "t"), 0o777))
	require.NoError(t, os.Symlink("/elsewhere", filepath.Join(dir, "t/link")))
	s = mustOpen(t, dir, files, Options{})
	writeAll(t, s, ones(someLength), 0)
	target, err := os.Readlink(filepath.Join(dir, "t/link"))
	require.NoError(t, err)
	require.Equal(t, "/elsewhere", target)
	require.NotContains(t, s.Owned(), "t/link")

	// A file in the place of a symlink is not replaced.
	dir = t.TempDir()
	require.NoError(t, os.Mkdir(filepath.Join(dir, "t"), 0o777))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "t/link"), ones(3), 0o666))
	_, err = Open(dir, files, Options{})
	require.ErrorIs(t, err, fs.ErrExist)
	_, err = Open(dir, files, Options{NoSymlinks: true})
	require.NoError(t, err)
}

// Own is called before anything is made, in the order of making.
func TestOwnIsCalledFirst(t *testing.T) {
	dir := t.TempDir()
	var told [][]string
	s := mustOpen(t, dir, someFiles(), Options{Own: func(paths []string) error {
		for _, p := range paths {
			_, err := os.Lstat(filepath.Join(dir, p))
			require.ErrorIs(t, err, fs.ErrNotExist, p)
		}
		told = append(told, append([]string(nil), paths...))
		return nil
	}})
	writeAll(t, s, ones(5), 0)
	writeAll(t, s, ones(someLength), 0)
	writeAll(t, s, ones(someLength), 0)
	require.Equal(t, [][]string{
		{"t/", "t/empty", "t/link", "t/a"},
		{"t/d/", "t/d/e/", "t/d/b", "t/d/e/run"},
	}, told)
	require.Equal(t, []string{"t/", "t/a", "t/d/", "t/d/b", "t/d/e/", "t/d/e/run", "t/empty", "t/link"}, s.Owned())
}

func TestOwnCanRefuse(t *testing.T) {
	dir := t.TempDir()
	no := errors.New("the record cannot be written")
	refuse := true
	s := mustOpen(t, dir, someFiles(), Options{Own: func([]string) error {
		if refuse {
			return no
		}
		return nil
	}})
	_, err := s.WriteAt(ones(5), 0)
	require.ErrorIs(t, err, no)
	require.Empty(t, tree(t, dir))
	require.Empty(t, s.Owned())
	refuse = false
	writeAll(t, s, ones(5), 0)
}

// A file that cannot be made at its full length is deleted again.
func TestIncompleteFilesAreDeleted(t *testing.T) {
	for _, op := range []string{"allocate", "truncate"} {
		dir := t.TempDir()
		fake := &fakeFS{hook: func(o, _ string) error {
			if o == op {
				return syscall.ENOSPC
			}
			return nil
		}}
		o := Options{FS: fake}
		if op == "allocate" {
			o.Allocate = AllocateFull
		}
		s := mustOpen(t, dir, someFiles(), o)
		_, err := s.WriteAt(ones(5), 0)
		require.ErrorIs(t, err, syscall.ENOSPC)
		var e *Error
		require.ErrorAs(t, err, &e)
		require.Equal(t, "t/a", e.Path)
		require.NoFileExists(t, filepath.Join(dir, "t/a"))
		fake.set(nil)
		writeAll(t, s, ones(5), 0)
	}
}
