package diskstore

import (
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// closeFiles closes what the store has open, as Handles may at any time.
func closeFiles(s *Store) {
	for _, f := range s.files {
		s.handles.drop(&f.reading, &f.writing)
	}
	s.handles.drop(&s.folder)
}

func skipIfOpenFilesCannotBeDeleted(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("an open file cannot be deleted here")
	}
}

func TestFileDeletedWhileRunning(t *testing.T) {
	skipIfOpenFilesCannotBeDeleted(t)
	for _, how := range []string{"file", "folder", "everything", "moved away"} {
		for _, open := range []bool{true, false} {
			t.Run(how, func(t *testing.T) {
				dir := filepath.Join(t.TempDir(), "root")
				s := mustOpen(t, dir, someFiles(), Options{})
				writeAll(t, s, ones(someLength), 0)
				require.NoError(t, s.Sync())
				if !open {
					closeFiles(s)
				}
				switch how {
				case "file":
					require.NoError(t, os.Remove(filepath.Join(dir, "t/a")))
				case "folder":
					require.NoError(t, os.RemoveAll(filepath.Join(dir, "t")))
				case "everything":
					require.NoError(t, os.RemoveAll(dir))
				case "moved away":
					require.NoError(t, os.Rename(dir, dir+".moved"))
				}
				// Either the write or the Sync after it fails, once.
				_, err := s.WriteAt(ones(10), 0)
				if open {
					require.NoError(t, err)
					err = s.Sync()
				}
				require.ErrorIs(t, err, fs.ErrNotExist)
				var e *Error
				require.ErrorAs(t, err, &e)
				require.Equal(t, "t/a", e.Path)

				// Reads fail too, until the file is made again.
				_, err = s.ReadAt(make([]byte, 10), 0)
				require.ErrorIs(t, err, fs.ErrNotExist)
				writeAll(t, s, []byte{9}, 9)
				require.NoError(t, s.Sync())
				content, err := os.ReadFile(filepath.Join(dir, "t/a"))
				require.NoError(t, err)
				require.Equal(t, []byte{0, 0, 0, 0, 0, 0, 0, 0, 0, 9}, content)

				// One error is enough, however many files are missing.
				writeAll(t, s, ones(someLength), 0)
				require.NoError(t, s.Sync())
				require.Len(t, tree(t, dir), 8)
			})
		}
	}
}

// A read that finds a file missing does not hide that from the next write.
func TestDeletedFileFailsReadsAndNextWrite(t *testing.T) {
	dir := t.TempDir()
	s := mustOpen(t, dir, someFiles(), Options{})
	writeAll(t, s, ones(someLength), 0)
	require.NoError(t, s.Sync())
	closeFiles(s)
	require.NoError(t, os.Remove(filepath.Join(dir, "t/d/b")))
	for range 3 {
		_, err := s.ReadAt(make([]byte, 3), 17)
		var e *Error
		require.ErrorAs(t, err, &e)
		require.Equal(t, "t/d/b", e.Path)
		require.EqualValues(t, 1, e.Offset)
		require.ErrorIs(t, err, fs.ErrNotExist)
	}
	_, err := s.WriteAt(ones(3), 17)
	require.ErrorIs(t, err, fs.ErrNotExist)
	writeAll(t, s, ones(3), 17)
}

// A folder that was moved away and back is found again.
func TestFolderMovedAwayAndBack(t *testing.T) {
	skipIfOpenFilesCannotBeDeleted(t)
	dir := filepath.Join(t.TempDir(), "root")
	s := mustOpen(t, dir, someFiles(), Options{})
	writeAll(t, s, ones(someLength), 0)
	closeFiles(s)
	require.NoError(t, os.Rename(dir, dir+".moved"))
	_, err := s.ReadAt(make([]byte, 3), 0)
	require.ErrorIs(t, err, fs.ErrNotExist)
	require.NoError(t, os.Rename(dir+".moved", dir))
	_, err = s.ReadAt(make([]byte, 3), 0)
	require.NoError(t, err)
	writeAll(t, s, ones(someLength), 0)
	require.NoError(t, s.Sync())
}

// A folder that was deleted and restored is found, although the deleted one is still
// open.
func TestFolderDeletedAndRestored(t *testing.T) {
	skipIfOpenFilesCannotBeDeleted(t)
	dir := filepath.Join(t.TempDir(), "root")
	s := mustOpen(t, dir, someFiles(), Options{})
	writeAll(t, s, ones(someLength), 0)
	for _, f := range s.files {
		s.handles.drop(&f.reading, &f.writing)
	}
	require.NoError(t, os.RemoveAll(dir))
	put(t, dir, "t/a", ones(10))
	_, err := s.ReadAt(make([]byte, 10), 0)
	require.ErrorIs(t, err, fs.ErrNotExist)
	p := make([]byte, 10)
	_, err = s.ReadAt(p, 0)
	require.NoError(t, err)
	require.Equal(t, ones(10), p)
}

// If a folder is missing, making a file in it fails once.
func TestFolderDeletedBeforeCreate(t *testing.T) {
	skipIfOpenFilesCannotBeDeleted(t)
	for _, gone := range []string{".", "t"} {
		dir := filepath.Join(t.TempDir(), "root")
		s := mustOpen(t, dir, someFiles(), Options{})
		writeAll(t, s, ones(10), 0)
		require.NoError(t, os.RemoveAll(filepath.Join(dir, gone)))
		_, err := s.WriteAt(ones(5), 16)
		require.ErrorIs(t, err, fs.ErrNotExist)
		writeAll(t, s, ones(5), 16)
		require.FileExists(t, filepath.Join(dir, "t/d/b"))
	}
}

func TestFileTruncatedWhileRunning(t *testing.T) {
	for _, open := range []bool{true, false} {
		dir := t.TempDir()
		s := mustOpen(t, dir, someFiles(), Options{})
		writeAll(t, s, ones(someLength), 0)
		require.NoError(t, s.Sync())
		if !open {
			closeFiles(s)
		}
		require.NoError(t, os.Truncate(filepath.Join(dir, "t/a"), 4))
		want := &SizeError{Path: "t/a", Want: 10, Have: 4}

		n, err := s.ReadAt(make([]byte, 8), 1)
		if open {
			require.Equal(t, 3, n)
			require.ErrorIs(t, err, io.ErrUnexpectedEOF)
			var e *Error
			require.ErrorAs(t, err, &e)
			require.EqualValues(t, 4, e.Offset)
		}
		var size *SizeError
		_, err = s.ReadAt(make([]byte, 8), 1)
		require.ErrorAs(t, err, &size)
		require.Equal(t, want, size)
		_, err = s.WriteAt([]byte{9}, 9)
		require.ErrorAs(t, err, &size)
		require.Equal(t, want, size)

		// From then on the store knows the new size. The remaining bytes can
		// be read, and a write restores the size, because the file is ours.
		p := make([]byte, 4)
		_, err = s.ReadAt(p, 0)
		require.NoError(t, err)
		require.Equal(t, ones(4), p)
		_, err = s.ReadAt(p, 2)
		require.ErrorIs(t, err, fs.ErrNotExist)
		writeAll(t, s, []byte{9}, 9)
		require.NoError(t, s.Sync())
		info, err := os.Stat(filepath.Join(dir, "t/a"))
		require.NoError(t, err)
		require.EqualValues(t, 10, info.Size())
	}
}

func TestSyncFindsATruncatedFile(t *testing.T) {
	dir := t.TempDir()
	s := mustOpen(t, dir, someFiles(), Options{})
	writeAll(t, s, ones(someLength), 0)
	require.NoError(t, os.Truncate(filepath.Join(dir, "t/a"), 4))
	var size *SizeError
	require.ErrorAs(t, s.Sync(), &size)
	require.Equal(t, &SizeError{Path: "t/a", Want: 10, Have: 4}, size)
}

// A file that was replaced is an error even if the new one has the right size.
func TestSyncFindsAReplacedFile(t *testing.T) {
	skipIfOpenFilesCannotBeDeleted(t)
	dir := t.TempDir()
	s := mustOpen(t, dir, someFiles(), Options{})
	writeAll(t, s, ones(someLength), 0)
	require.NoError(t, os.Rename(put(t, dir, "new", make([]byte, 10)), filepath.Join(dir, "t/a")))
	require.ErrorIs(t, s.Sync(), fs.ErrNotExist)
	p := ones(10)
	_, err := s.ReadAt(p, 0)
	require.NoError(t, err)
	require.Equal(t, make([]byte, 10), p, "the existing bytes are read")
}

func TestDiskFull(t *testing.T) {
	for _, op := range []string{"write", "create", "mkdir", "truncate"} {
		fake := &fakeFS{hook: func(o, name string) error {
			if o == op {
				return &fs.PathError{Op: o, Path: name, Err: syscall.ENOSPC}
			}
			return nil
		}}
		s := mustOpen(t, t.TempDir(), someFiles(), Options{FS: fake})
		_, err := s.WriteAt(ones(12), 16)
		require.ErrorIs(t, err, syscall.ENOSPC, op)
		var e *Error
		require.ErrorAs(t, err, &e)
		require.NotEmpty(t, e.Path)
		require.ErrorContains(t, err, "diskstore: ")
		require.ErrorContains(t, err, e.Path)
		if op == "write" {
			require.EqualError(t, err, "diskstore: write t/d/b at 0: "+syscall.ENOSPC.Error())
		}
		fake.set(nil)
		writeAll(t, s, ones(someLength), 0)
		require.NoError(t, s.Sync())
	}
}
