package diskstore

import (
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/shoal-bt/shoal/swarm"
)

// put makes a file that is not ours.
func put(t testing.TB, dir, name string, content []byte) string {
	t.Helper()
	path := filepath.Join(dir, filepath.FromSlash(name))
	require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o777))
	require.NoError(t, os.WriteFile(path, content, 0o666))
	return path
}

func TestExistingFileOfAnotherSize(t *testing.T) {
	for _, have := range []int{0, 9, 11} {
		dir := t.TempDir()
		path := put(t, dir, "t/a", ones(have))
		_, err := Open(dir, someFiles(), Options{})
		var size *SizeError
		require.ErrorAs(t, err, &size)
		require.Equal(t, &SizeError{Path: "t/a", Want: 10, Have: int64(have)}, size)
		content, err := os.ReadFile(path)
		require.NoError(t, err)
		require.Equal(t, ones(have), content)
	}
	dir := t.TempDir()
	put(t, dir, "t/empty", ones(3))
	_, err := Open(dir, someFiles(), Options{})
	require.EqualError(t, err, "diskstore: t/empty has 3 bytes on disk and 0 bytes in the torrent")
}

func TestExistingFileOfTheRightSizeIsReadAndNotWritten(t *testing.T) {
	dir := t.TempDir()
	path := put(t, dir, "t/a", ones(10))
	s := mustOpen(t, dir, someFiles(), Options{})
	p := make([]byte, 10)
	_, err := s.ReadAt(p, 0)
	require.NoError(t, err)
	require.Equal(t, ones(10), p)
	_, err = s.WriteAt(make([]byte, 10), 0)
	require.ErrorIs(t, err, ErrForeign)
	_, err = s.WriteVecAt([][]byte{make([]byte, 10)}, 0)
	require.ErrorIs(t, err, ErrForeign)
	var e *Error
	require.ErrorAs(t, err, &e)
	require.Equal(t, Error{Op: "write", Path: "t/a", Offset: 0, Err: ErrForeign}, *e)
	writeAll(t, s, ones(5), 16)
	require.NoError(t, s.Remove())
	content, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, ones(10), content)
	require.Equal(t, []string{"t/", "t/a"}, tree(t, dir))
}

// A file that another program makes after Open is not ours either.
func TestFileAppearsAfterOpen(t *testing.T) {
	dir := t.TempDir()
	s := mustOpen(t, dir, someFiles(), Options{})
	put(t, dir, "t/a", ones(10))
	_, err := s.WriteAt(make([]byte, 10), 0)
	require.ErrorIs(t, err, ErrForeign)
	p := make([]byte, 10)
	_, err = s.ReadAt(p, 0)
	require.NoError(t, err)
	require.Equal(t, ones(10), p)
	put(t, dir, "t/d/b", ones(6))
	_, err = s.WriteAt(make([]byte, 5), 16)
	var size *SizeError
	require.ErrorAs(t, err, &size)
	require.NotContains(t, s.Owned(), "t/a")
}

// A file that appears between Lstat and OpenFile is not changed.
func TestFileAppearsBeforeCreate(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.Mkdir(filepath.Join(dir, "t"), 0o777))
	s := mustOpen(t, dir, someFiles(), Options{Own: func([]string) error {
		put(t, dir, "t/a", ones(10))
		return nil
	}})
	_, err := s.WriteAt(make([]byte, 10), 0)
	require.ErrorIs(t, err, fs.ErrExist)
	content, err := os.ReadFile(filepath.Join(dir, "t/a"))
	require.NoError(t, err)
	require.Equal(t, ones(10), content)
}

func TestOwnedFilesMayBeWrittenAndResized(t *testing.T) {
	dir := t.TempDir()
	put(t, dir, "t/a", ones(4))
	put(t, dir, "t/d/b", ones(5))
	put(t, dir, "t/d/e/run", ones(70))
	put(t, dir, "t/empty", ones(2))
	owned := []string{"t/", "t/a", "t/d/b", "t/d/e/run", "t/empty", "not/the/torrents", "../x"}
	s := mustOpen(t, dir, someFiles(), Options{Owned: owned, NoSymlinks: true})

	// The existing bytes can be read, so that they can be checked.
	p := make([]byte, 10)
	n, err := s.ReadAt(p, 0)
	require.Equal(t, 4, n)
	require.ErrorIs(t, err, fs.ErrNotExist, "nothing was written after the end")
	require.Equal(t, ones(4), p[:4])
	_, err = s.ReadAt(p[:7], 21)
	require.NoError(t, err)

	writeAll(t, s, []byte{9}, 0)
	writeAll(t, s, []byte{9}, 16)
	writeAll(t, s, []byte{9}, 21)
	require.NoError(t, s.Sync())
	for name, want := range map[string]int{"t/a": 10, "t/d/b": 5, "t/d/e/run": 7, "t/empty": 0} {
		content, err := os.ReadFile(filepath.Join(dir, name))
		require.NoError(t, err)
		require.Len(t, content, want, name)
		if want > 0 {
			require.EqualValues(t, 9, content[0])
			require.EqualValues(t, 2, content[1], "the other bytes stay")
		}
	}
}

func TestOverwrite(t *testing.T) {
	dir := t.TempDir()
	put(t, dir, "t/a", ones(40))
	put(t, dir, "t/d/b", ones(5))
	s := mustOpen(t, dir, someFiles(), Options{Overwrite: true})
	writeAll(t, s, make([]byte, someLength), 0)
	content, err := os.ReadFile(filepath.Join(dir, "t/a"))
	require.NoError(t, err)
	require.Equal(t, make([]byte, 10), content)
	require.NotContains(t, s.Owned(), "t/a")
	require.NoError(t, s.Remove())
	require.Equal(t, []string{"t/", "t/a", "t/d/", "t/d/b"}, tree(t, dir), "files that are not ours stay")
}

func TestNotRegular(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.MkdirAll(filepath.Join(dir, "t/a"), 0o777))
	_, err := Open(dir, someFiles(), Options{Overwrite: true})
	require.ErrorContains(t, err, "t/a: not a regular file")

	dir = t.TempDir()
	put(t, dir, "t", ones(1))
	s, err := Open(dir, someFiles(), Options{Overwrite: true})
	if err == nil { // Windows reports a path below a file as missing
		_, err = s.WriteAt(ones(1), 0)
	}
	require.Error(t, err)
}

// No symlink in the folder leads a read or a write out of it or to another file.
func TestPlantedLinks(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("making symlinks needs a privilege")
	}
	outside := t.TempDir()
	secret := put(t, outside, "secret", ones(10))
	require.NoError(t, os.Mkdir(filepath.Join(outside, "d"), 0o777))
	for name, plant := range map[string]func(t *testing.T, dir string){
		"file to outside": func(t *testing.T, dir string) {
			require.NoError(t, os.Mkdir(filepath.Join(dir, "t"), 0o777))
			require.NoError(t, os.Symlink(secret, filepath.Join(dir, "t/a")))
		},
		"file to another file inside": func(t *testing.T, dir string) {
			put(t, dir, "t/other", ones(10))
			require.NoError(t, os.Symlink("other", filepath.Join(dir, "t/a")))
		},
		"dangling file": func(t *testing.T, dir string) {
			require.NoError(t, os.Mkdir(filepath.Join(dir, "t"), 0o777))
			require.NoError(t, os.Symlink(filepath.Join(outside, "new"), filepath.Join(dir, "t/a")))
		},
		"folder to outside": func(t *testing.T, dir string) {
			require.NoError(t, os.Symlink(outside, filepath.Join(dir, "t")))
		},
		"folder upwards": func(t *testing.T, dir string) {
			require.NoError(t, os.Symlink("..", filepath.Join(dir, "t")))
		},
		"pipe": func(t *testing.T, dir string) {
			require.NoError(t, os.Mkdir(filepath.Join(dir, "t"), 0o777))
			require.NoError(t, mkfifo(filepath.Join(dir, "t/a")))
		},
	} {
		for _, when := range []string{"before", "after"} {
			t.Run(name+" "+when+" Open", func(t *testing.T) {
				dir := t.TempDir()
				if when == "before" {
					plant(t, dir)
				}
				s, err := Open(dir, someFiles(), Options{Overwrite: true})
				if when == "before" && err != nil {
					return
				}
				require.NoError(t, err)
				defer s.Close()
				if when == "after" {
					plant(t, dir)
				}
				_, err = s.ReadAt(make([]byte, 10), 0)
				require.Error(t, err)
				_, err = s.WriteAt(make([]byte, someLength), 0)
				require.Error(t, err)
				content, err := os.ReadFile(secret)
				require.NoError(t, err)
				require.Equal(t, ones(10), content)
				require.Equal(t, []string{"d/", "secret"}, tree(t, outside))
			})
		}
	}
}

// If a symlink replaces a file that the store has open, nothing changes. The next
// time the store opens the file, it refuses the symlink.
func TestFileReplacedByALink(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("making symlinks needs a privilege")
	}
	dir := t.TempDir()
	secret := put(t, t.TempDir(), "secret", ones(10))
	s := mustOpen(t, dir, someFiles(), Options{})
	writeAll(t, s, ones(10), 0)
	path := filepath.Join(dir, "t/a")
	require.NoError(t, os.Remove(path))
	require.NoError(t, os.Symlink(secret, path))
	writeAll(t, s, make([]byte, 10), 0)
	require.Error(t, s.Sync())
	_, err := s.WriteAt(make([]byte, 10), 0)
	require.Error(t, err)
	content, err := os.ReadFile(secret)
	require.NoError(t, err)
	require.Equal(t, ones(10), content)
	require.ErrorIs(t, s.Remove(), ErrForeign)
	require.FileExists(t, secret)
}

// A symlink that replaces a file between Lstat and OpenFile is not followed either.
func TestFileReplacedByALinkBeforeOpen(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("making symlinks needs a privilege")
	}
	dir := t.TempDir()
	other := put(t, dir, "t/other", make([]byte, 10))
	path := put(t, dir, "t/a", ones(10))
	fake := &fakeFS{}
	s := mustOpen(t, dir, someFiles(), Options{FS: fake, Overwrite: true})
	fake.set(func(op, name string) error {
		if (op == "open" || op == "openrw") && name == "t/a" {
			require.NoError(t, os.Remove(path))
			require.NoError(t, os.Symlink("other", path))
		}
		return nil
	})
	_, err := s.ReadAt(make([]byte, 10), 0)
	require.Error(t, err)
	require.NoError(t, os.Remove(path))
	put(t, dir, "t/a", ones(10))
	_, err = s.WriteAt(ones(10), 0)
	require.Error(t, err)
	content, err := os.ReadFile(other)
	require.NoError(t, err)
	require.Equal(t, make([]byte, 10), content)
}

// Symlinks to folders that stay within the folder belong to the user and work.
func TestFolderLinkWithin(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("making symlinks needs a privilege")
	}
	dir := t.TempDir()
	require.NoError(t, os.Mkdir(filepath.Join(dir, "real"), 0o777))
	require.NoError(t, os.Symlink("real", filepath.Join(dir, "t")))
	s := mustOpen(t, dir, someFiles(), Options{})
	writeAll(t, s, ones(someLength), 0)
	require.FileExists(t, filepath.Join(dir, "real/a"))
	require.NoError(t, s.Remove())
	require.Equal(t, []string{"real/", "t"}, tree(t, dir))
}

// A torrent that is only read needs no write permission.
func TestReadOnlyFolder(t *testing.T) {
	dir := t.TempDir()
	files := []swarm.File{{Path: "t/a", Length: 10}, {Path: "t/empty", Offset: 10}}
	put(t, dir, "t/a", ones(10))
	fake := &fakeFS{hook: func(op, _ string) error {
		switch op {
		case "folder", "open", "lstat", "read":
			return nil
		}
		return syscall.EROFS
	}}
	for _, o := range []Options{{FS: fake}, {FS: fake, Owned: []string{"t/a"}}} {
		s := mustOpen(t, dir, files, o)
		p := make([]byte, 10)
		_, err := s.ReadAt(p, 0)
		require.NoError(t, err)
		require.Equal(t, ones(10), p)
		require.NoError(t, s.Sync())
		_, err = s.WriteAt(p, 0)
		require.ErrorIs(t, err, syscall.EROFS)
		var e *Error
		require.ErrorAs(t, err, &e)
		require.Equal(t, "t/empty", e.Path)
	}
	if os.Getuid() > 0 {
		require.NoError(t, os.Chmod(filepath.Join(dir, "t"), 0o555))
		t.Cleanup(func() { os.Chmod(filepath.Join(dir, "t"), 0o777) })
		s := mustOpen(t, dir, files, Options{})
		_, err := s.ReadAt(make([]byte, 10), 0)
		require.NoError(t, err)
		_, err = s.WriteAt(make([]byte, 10), 0)
		require.ErrorIs(t, err, fs.ErrPermission)
	}
}
