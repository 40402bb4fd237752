package diskstore

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestAllocateFull(t *testing.T) {
	fake := &fakeFS{}
	noWarning := func(err error) { t.Error(err) }
	s := mustOpen(t, t.TempDir(), someFiles(), Options{FS: fake, Allocate: AllocateFull, Warn: noWarning})
	writeAll(t, s, ones(someLength), 0)
	require.Equal(t, 3, fake.count("allocate"))
}

// If the file system cannot reserve space, the store says so once and makes sparse files.
func TestAllocateFullFallsBack(t *testing.T) {
	for name, hook := range map[string]func(op, _ string) error{
		"not supported": func(op, _ string) error {
			if op == "allocate" {
				return &os.SyscallError{Syscall: "fallocate", Err: syscall.EOPNOTSUPP}
			}
			return nil
		},
		"no such call": func(op, _ string) error {
			if op == "allocate" {
				return &os.SyscallError{Syscall: "fallocate", Err: syscall.ENOSYS}
			}
			return nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			fake := &fakeFS{hook: hook}
			var warnings []error
			warn := func(err error) { warnings = append(warnings, err) }
			s := mustOpen(t, t.TempDir(), someFiles(), Options{FS: fake, Allocate: AllocateFull, Warn: warn})
			writeAll(t, s, ones(someLength), 0)
			require.Equal(t, 3, fake.count("truncate"))
			require.Equal(t, 3, fake.count("write"), "only what was written")
			require.Len(t, warnings, 1)
			require.ErrorIs(t, warnings[0], errors.ErrUnsupported)
			require.ErrorContains(t, warnings[0], "diskstore: allocate t/a: space cannot be reserved here")
		})
	}
}

// Files of this system's portable calls cannot reserve space either.
func TestAllocateFullPortable(t *testing.T) {
	warnings := 0
	o := Options{Portable: true, Allocate: AllocateFull, Warn: func(error) { warnings++ }}
	s := mustOpen(t, t.TempDir(), someFiles(), o)
	writeAll(t, s, ones(someLength), 0)
	require.Equal(t, 1, warnings)
	require.NoError(t, s.Complete())
}

// A file of ours that is too short gets its space too.
func TestAllocateFullOfAShortFile(t *testing.T) {
	dir := t.TempDir()
	put(t, dir, "t/a", ones(4))
	fake := &fakeFS{}
	s := mustOpen(t, dir, someFiles(), Options{FS: fake, Allocate: AllocateFull, Owned: []string{"t/a"}})
	writeAll(t, s, ones(1), 0)
	require.Equal(t, 1, fake.count("allocate"))
	content, err := os.ReadFile(filepath.Join(dir, "t/a"))
	require.NoError(t, err)
	require.Equal(t, []byte{1, 2, 3, 4, 0, 0, 0, 0, 0, 0}, content)
}

// sizeOf returns the size of a file below dir, in bytes.
func sizeOf(t *testing.T, dir, name string) int64 {
	t.Helper()
	info, err := os.Lstat(filepath.Join(dir, name))
	require.NoError(t, err)
	return info.Size()
}

func TestAllocateNone(t *testing.T) {
	dir := t.TempDir()
	s := mustOpen(t, dir, someFiles(), Options{Allocate: AllocateNone})
	writeAll(t, s, ones(4), 0)
	require.EqualValues(t, 4, sizeOf(t, dir, "t/a"))
	p := make([]byte, 10)
	n, err := s.ReadAt(p, 0)
	require.Equal(t, 4, n)
	require.ErrorIs(t, err, fs.ErrNotExist, "nothing was written after the end")
	require.NoError(t, s.Sync())
	require.Empty(t, s.Modified())

	writeAll(t, s, ones(1), 7) // leaves a gap
	_, err = s.ReadAt(p[:8], 0)
	require.NoError(t, err)
	require.Equal(t, []byte{1, 2, 3, 4, 0, 0, 0, 1}, p[:8])

	var size *SizeError
	require.ErrorAs(t, s.Complete(), &size, "a file that ends early is not complete")
	require.Equal(t, SizeError{Path: "t/a", Want: 10, Have: 8}, *size)
	writeAll(t, s, ones(someLength), 0)
	require.NoError(t, s.Complete())
	require.Empty(t, s.Modified())
}

// The next store goes on where a file ends.
func TestAllocateNoneAgain(t *testing.T) {
	dir := t.TempDir()
	s := mustOpen(t, dir, someFiles(), Options{Allocate: AllocateNone})
	writeAll(t, s, ones(4), 0)
	owned := s.Owned()
	require.NoError(t, s.Close())

	_, err := Open(dir, someFiles(), Options{Allocate: AllocateNone})
	var size *SizeError
	require.ErrorAs(t, err, &size, "a short file that is not ours")

	s = mustOpen(t, dir, someFiles(), Options{Allocate: AllocateNone, Owned: owned})
	p := make([]byte, 4)
	_, err = s.ReadAt(p, 0)
	require.NoError(t, err)
	require.Equal(t, ones(4), p)
	writeAll(t, s, ones(1), 4)
	require.EqualValues(t, 5, sizeOf(t, dir, "t/a"))
	require.NoError(t, s.Close())

	// So does one that makes sparse files.
	s = mustOpen(t, dir, someFiles(), Options{Owned: owned})
	writeAll(t, s, ones(1), 5)
	require.EqualValues(t, 10, sizeOf(t, dir, "t/a"))
	require.NoError(t, s.Close())

	// A file that has its length keeps it.
	s = mustOpen(t, dir, someFiles(), Options{Owned: owned, Allocate: AllocateNone})
	writeAll(t, s, ones(1), 1)
	require.EqualValues(t, 10, sizeOf(t, dir, "t/a"))
}

// A file that became shorter than what was written, or longer than the torrent says, was
// changed by another program.
func TestAllocateNoneNoticesOtherSizes(t *testing.T) {
	for name, now := range map[string]int64{"shorter": 3, "longer": 11} {
		for how, notice := range map[string]func(*Store) error{
			"write":    func(s *Store) error { _, err := s.WriteAt(ones(1), 1); return err },
			"sync":     func(s *Store) error { return s.Sync() },
			"reopened": func(s *Store) error { closeFiles(s); _, err := s.WriteAt(ones(1), 1); return err },
		} {
			t.Run(name+" "+how, func(t *testing.T) {
				dir := t.TempDir()
				s := mustOpen(t, dir, someFiles(), Options{Allocate: AllocateNone})
				writeAll(t, s, ones(4), 0)
				require.NoError(t, os.Truncate(filepath.Join(dir, "t/a"), now))
				var size *SizeError
				require.ErrorAs(t, notice(s), &size)
				require.Equal(t, SizeError{Path: "t/a", Want: 10, Have: now}, *size)
				writeAll(t, s, ones(10), 0)
				require.NoError(t, s.Sync())
			})
		}
	}
}

func TestAllocateNoneTooLong(t *testing.T) {
	dir := t.TempDir()
	put(t, dir, "t/a", ones(40))
	s := mustOpen(t, dir, someFiles(), Options{Allocate: AllocateNone, Owned: []string{"t/a"}})
	writeAll(t, s, []byte{9}, 0)
	require.EqualValues(t, 10, sizeOf(t, dir, "t/a"))
	require.NoError(t, s.Sync())
}

// A file that was cut while we read it is not one that grows.
func TestAllocateNoneReadsACutFile(t *testing.T) {
	dir := t.TempDir()
	s := mustOpen(t, dir, someFiles(), Options{Allocate: AllocateNone})
	writeAll(t, s, ones(8), 0)
	require.NoError(t, os.Truncate(filepath.Join(dir, "t/a"), 3))
	_, err := s.ReadAt(make([]byte, 8), 0)
	require.NotErrorIs(t, err, fs.ErrNotExist)
	require.ErrorContains(t, err, "unexpected EOF")
}

func TestAllocationString(t *testing.T) {
	for a, want := range map[Allocation]string{AllocateNone: "none", AllocateSparse: "sparse", AllocateFull: "full", 9: "Allocation(9)"} {
		require.Equal(t, want, a.String())
	}
}
