package diskstore

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/shoal-bt/shoal/diskstore/internal/places"
	"github.com/shoal-bt/shoal/swarm"
	"github.com/shoal-bt/shoal/swarm/storagetest"
)

// placings are the places where incomplete files may be.
var placings = []struct {
	name   string
	suffix string
	other  bool
}{{"suffix", ".part", false}, {"folder", "", true}, {"both", ".part", true}}

func TestFinishFile(t *testing.T) {
	for _, p := range placings {
		t.Run(p.name, func(t *testing.T) {
			above := t.TempDir()
			dir := filepath.Join(above, "done")
			o := Options{Suffix: p.suffix}
			if p.other {
				o.IncompleteDir = filepath.Join(above, "new")
			}
			s := mustOpen(t, dir, tenBytes("t/a", "t/b"), o)
			writeAll(t, s, ones(20), 0)
			before, err := s.Names().Stat("t/a")
			require.NoError(t, err)
			require.NoFileExists(t, filepath.Join(dir, "t/a"))
			require.NoError(t, s.FinishFile(0))
			content, err := os.ReadFile(filepath.Join(dir, "t/a"))
			require.NoError(t, err)
			require.Equal(t, ones(20)[:10], content)
			require.NoFileExists(t, filepath.Join(dir, "t/b"))
			after, err := s.Names().Stat("t/a")
			require.NoError(t, err)
			require.True(t, os.SameFile(before, after))
			require.True(t, before.ModTime().Equal(after.ModTime()))

			// It is read and written on, through the open handle and through a new one.
			for range 2 {
				writeAll(t, s, ones(20), 0)
				got := make([]byte, 20)
				_, err = s.ReadAt(got, 0)
				require.NoError(t, err)
				require.Equal(t, ones(20), got)
				closeFiles(s)
			}
			require.NoError(t, s.FinishFile(0), "nothing is left to do")
			require.NoError(t, s.Complete())
			require.Empty(t, s.Modified())
			require.NoError(t, s.Remove())
			require.Subset(t, []string{"done/", "new/"}, tree(t, above))
		})
	}
}

func TestFinishFileErrors(t *testing.T) {
	dir := t.TempDir()
	s := mustOpen(t, dir, someFiles(), Options{Suffix: ".part", Allocate: AllocateNone})
	for _, index := range []int{-1, len(someFiles())} {
		require.ErrorContains(t, s.FinishFile(index), "there is no file")
	}
	require.ErrorIs(t, s.FinishFile(0), fs.ErrNotExist)
	for _, i := range []int{1, 3, 5} {
		require.NoError(t, s.FinishFile(i), "a file that has no other place")
	}
	writeAll(t, s, ones(5), 0)
	var size *SizeError
	require.ErrorAs(t, s.FinishFile(0), &size)
	require.Equal(t, SizeError{Path: "t/a", Want: 10, Have: 5}, *size)
	require.FileExists(t, filepath.Join(dir, "t/a.part"))
	require.NoError(t, s.Close())
	require.ErrorIs(t, s.FinishFile(0), fs.ErrClosed)
}

// A file that could not be synced keeps its incomplete name.
func TestFinishFileSyncsFirst(t *testing.T) {
	dir := t.TempDir()
	fake := &fakeFS{hook: func(op, name string) error {
		if op == "sync" && name == "a.part" {
			return syscall.EIO
		}
		return nil
	}}
	s := mustOpen(t, dir, tenBytes("a", "b"), Options{FS: fake, Suffix: ".part"})
	writeAll(t, s, ones(20), 0)
	require.ErrorIs(t, s.FinishFile(0), syscall.EIO)
	fake.set(nil)
	require.ErrorIs(t, s.FinishFile(0), syscall.EIO)
	require.ErrorIs(t, s.Complete(), syscall.EIO)
	require.FileExists(t, filepath.Join(dir, "a.part"))
	require.NoFileExists(t, filepath.Join(dir, "a"))
}

func TestFinishFileReplacesNothing(t *testing.T) {
	for name, plant := range map[string]func(t *testing.T, dir string){
		"a file":                  func(t *testing.T, dir string) { put(t, dir, "t/a", []byte("mine")) },
		"a file of the same size": func(t *testing.T, dir string) { put(t, dir, "t/a", []byte("0123456789")) },
		"a folder":                func(t *testing.T, dir string) { put(t, dir, "t/a/users", ones(1)) },
		"a symlink":               func(t *testing.T, dir string) { require.NoError(t, os.Symlink("nowhere", filepath.Join(dir, "t/a"))) },
	} {
		for _, when := range []string{"before", "during", "restarted"} {
			t.Run(name+" "+when, func(t *testing.T) {
				dir := t.TempDir()
				fake := &fakeFS{}
				var owned, taken []string
				o := Options{
					FS:     fake,
					Suffix: ".part",
					Own:    func(names []string) error { owned = append(owned, names...); return nil },
					Disown: func(names []string) { taken = append(taken, names...) },
				}
				s := mustOpen(t, dir, tenBytes("t/a"), o)
				writeAll(t, s, ones(10), 0)
				if when == "during" {
					fake.set(func(op, _ string) error {
						if op == "move" {
							plant(t, dir)
						}
						return nil
					})
				} else {
					plant(t, dir)
				}
				if when == "restarted" {
					require.NoError(t, s.Close())
					o.Owned = slices.Clone(owned)
					s = mustOpen(t, dir, tenBytes("t/a"), o)
					writeAll(t, s, ones(10), 0)
				}
				planted := func() []string {
					return slices.DeleteFunc(tree(t, dir), func(s string) bool { return s == "t/a.part" })
				}
				for range 2 {
					require.ErrorIs(t, s.FinishFile(0), ErrForeign)
					require.ErrorIs(t, s.Complete(), ErrForeign)
					fake.set(nil)
				}
				require.Contains(t, taken, "t/a")
				was := planted()
				got := make([]byte, 10)
				_, err := s.ReadAt(got, 0)
				require.NoError(t, err)
				require.Equal(t, ones(10), got)
				require.NoError(t, s.Remove())
				require.Equal(t, was, tree(t, dir), "only our file is deleted")
			})
		}
	}
}

// A file at the incomplete name that is not ours is neither written to nor moved.
func TestForeignIncompleteFile(t *testing.T) {
	for name, size := range map[string]int{"same size": 10, "other size": 4} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			s := mustOpen(t, dir, tenBytes("a"), Options{Suffix: ".part"})
			mine := put(t, dir, "a.part", ones(size))
			_, err := s.WriteAt(make([]byte, 10), 0)
			require.Error(t, err)
			if size == 10 {
				require.ErrorIs(t, err, ErrForeign)
				require.ErrorContains(t, err, "a.part")
			}
			require.NoError(t, s.Remove())
			content, err := os.ReadFile(mine)
			require.NoError(t, err)
			require.Equal(t, ones(size), content)
		})
	}
}

// A file at its path is used there, whatever is at the incomplete name.
func TestBothNamesExist(t *testing.T) {
	for name, owned := range map[string][]string{"nothing is ours": nil, "the path is ours": {"a"}} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			put(t, dir, "a", ones(10))
			mine := put(t, dir, "a.part", make([]byte, 10))
			s := mustOpen(t, dir, tenBytes("a"), Options{Suffix: ".part", Owned: owned})
			got := make([]byte, 10)
			_, err := s.ReadAt(got, 0)
			require.NoError(t, err)
			require.Equal(t, ones(10), got)
			_, err = s.WriteAt(ones(10), 0)
			if owned == nil {
				require.ErrorIs(t, err, ErrForeign)
			} else {
				require.NoError(t, err)
			}
			require.NoError(t, s.Complete())
			require.NoError(t, s.Remove())
			content, err := os.ReadFile(mine)
			require.NoError(t, err)
			require.Equal(t, make([]byte, 10), content)
		})
	}
}

// Overwrite allows what a lost record does not.
func TestOverwriteAnIncompleteFile(t *testing.T) {
	dir := t.TempDir()
	put(t, dir, "a.part", ones(4))
	s := mustOpen(t, dir, tenBytes("a"), Options{Suffix: ".part", Overwrite: true})
	writeAll(t, s, ones(10), 0)
	require.NoError(t, s.Complete())
	require.Equal(t, []string{"a"}, tree(t, dir))
	require.NoError(t, s.Remove())
	require.Equal(t, []string{"a"}, tree(t, dir), "it did not become ours")
}

// If another program deletes an incomplete file, the next write makes it again.
func TestIncompleteFileDisappears(t *testing.T) {
	above := t.TempDir()
	other := filepath.Join(above, "new")
	s := mustOpen(t, filepath.Join(above, "done"), tenBytes("t/a"), Options{IncompleteDir: other})
	writeAll(t, s, ones(10), 0)
	require.NoError(t, os.RemoveAll(other))
	require.ErrorIs(t, s.Sync(), fs.ErrNotExist)
	writeAll(t, s, ones(10), 0)
	require.FileExists(t, filepath.Join(other, "t/a"))
	require.NoError(t, s.Complete())
	require.NoError(t, os.Remove(filepath.Join(above, "done/t/a")))
	require.ErrorIs(t, s.Complete(), fs.ErrNotExist)
}

// Where the system has no call, a file gets a second name, and the first one goes.
func TestMovePortable(t *testing.T) {
	dir := t.TempDir()
	s := mustOpen(t, dir, tenBytes("t/a", "t/b"), Options{Portable: true, Suffix: ".part"})
	writeAll(t, s, ones(20), 0)
	require.NoError(t, s.FinishFile(0))
	require.Equal(t, []string{"t/", "t/a", "t/b.part"}, tree(t, dir))
	put(t, dir, "t/b", ones(1))
	require.ErrorIs(t, s.FinishFile(1), ErrForeign)
	_, err := Open(dir, tenBytes("c"), Options{Portable: true, IncompleteDir: t.TempDir()})
	require.ErrorIs(t, err, errors.ErrUnsupported)
}

// A file is opened where it is, also when it is just moving.
func TestReadsWhileAFileMoves(t *testing.T) {
	var s *Store
	read := make(chan error, 1)
	fake := &fakeFS{}
	s = mustOpen(t, t.TempDir(), tenBytes("a"), Options{FS: fake, Suffix: ".part"})
	writeAll(t, s, ones(10), 0)
	require.NoError(t, s.Sync())
	closeFiles(s)
	fake.set(func(op, _ string) error {
		if op == "moved" { // and the store has not noted it
			go func() {
				_, err := s.ReadAt(make([]byte, 10), 0)
				read <- err
			}()
			for range 10000 {
				runtime.Gosched()
			}
		}
		return nil
	})
	require.NoError(t, s.FinishFile(0))
	require.NoError(t, <-read)
}

// An incomplete file that is ours does not make a file at its path ours, even if a record
// lists both names.
func TestForeignFileInsteadOfAnIncompleteOne(t *testing.T) {
	dir := t.TempDir()
	put(t, dir, "a.part", ones(10))
	s := mustOpen(t, dir, tenBytes("a"), Options{Suffix: ".part", Owned: []string{"a", places.Name("", ".part", "a")}})
	require.NoError(t, os.Remove(filepath.Join(dir, "a.part")))
	mine := put(t, dir, "a", ones(10))
	_, err := s.WriteAt(make([]byte, 10), 0)
	require.ErrorIs(t, err, fs.ErrNotExist, "the file is gone")
	_, err = s.WriteAt(make([]byte, 10), 0)
	require.ErrorIs(t, err, ErrForeign)
	require.NoError(t, s.Remove())
	content, err := os.ReadFile(mine)
	require.NoError(t, err)
	require.Equal(t, ones(10), content)
}

// Files move while others are read, written, synced and described.
func TestFinishDuringUse(t *testing.T) {
	above := t.TempDir()
	const count = 60
	files := cutFiles(count*10, nil, 10)
	o := Options{Suffix: ".part", IncompleteDir: filepath.Join(above, "new"), Handles: NewHandles(4)}
	s := mustOpen(t, filepath.Join(above, "done"), files, o)
	defer s.Close()
	want := ones(count * 10)
	writeAll(t, s, want, 0)
	var wg sync.WaitGroup
	run := func(call func(i int) error) {
		wg.Go(func() {
			for i := range count {
				if err := call(i); err != nil {
					t.Error(i, err)
				}
			}
		})
	}
	run(s.FinishFile)
	run(func(i int) error { return s.FinishFile(count - 1 - i) })
	run(func(i int) error { _, err := s.ReadAt(make([]byte, 30), int64(i%(count-3))*10); return err })
	run(func(i int) error { _, err := s.WriteAt(want[i*10:i*10+10], int64(i)*10); return err })
	run(func(i int) error {
		if i%10 == 0 {
			return s.Sync()
		}
		_, err := s.Names().Stat(files[i].Path)
		return err
	})
	run(func(i int) error {
		stats, err := s.Stat()
		for _, st := range stats {
			if !st.Exists {
				return fmt.Errorf("%s does not exist", st.Path)
			}
		}
		return err
	})
	wg.Wait()
	require.NoError(t, s.Complete())
	require.Empty(t, s.Modified())
	got := make([]byte, len(want))
	_, err := s.ReadAt(got, 0)
	require.NoError(t, err)
	require.Equal(t, want, got)
	require.Equal(t, "new/", tree(t, above)[len(tree(t, above))-1])
}

func TestStorageWithOtherNames(t *testing.T) {
	for _, p := range placings {
		t.Run(p.name, func(t *testing.T) {
			storagetest.Run(t, func(t *testing.T, length int64) swarm.Storage {
				o := Options{Suffix: p.suffix, Handles: NewHandles(3)}
				if p.other {
					o.IncompleteDir = t.TempDir()
				}
				return mustOpen(t, t.TempDir(), cutFiles(length, nil, 100000, 1, 16384), o)
			})
		})
	}
}
