package diskstore

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/shoal-bt/shoal/swarm"
	"github.com/shoal-bt/shoal/swarm/storagetest"
)

// everySecond says that every second file is not wanted, beginning with the first.
func everySecond(files []swarm.File) []bool {
	unwanted := make([]bool, len(files))
	for i := range unwanted {
		unwanted[i] = i%2 == 0
	}
	return unwanted
}

// partWays are the configurations of a Store with a part file that run the suite.
var partWays = []struct {
	name    string
	sizes   []int64
	options Options
}{
	{"ManyFiles", []int64{100000, 1, 16384, 5, 70000}, Options{}},
	{"LargeFiles", []int64{1 << 20, 300000}, Options{}},
	{"Portable", []int64{100000, 1, 16384, 5, 70000}, Options{Portable: true}},
	{"Overwrite", []int64{100000, 40000}, Options{Overwrite: true}},
}

func openWithPart(t testing.TB, dir string, files []swarm.File, o Options) *Store {
	o.Unwanted, o.PartFile, o.PartKey = everySecond(files), ".x.part", "x"
	return mustOpen(t, dir, files, o)
}

func TestStorageWithUnwantedFiles(t *testing.T) {
	for _, way := range partWays {
		t.Run(way.name, func(t *testing.T) {
			storagetest.Run(t, func(t *testing.T, length int64) swarm.Storage {
				return openWithPart(t, t.TempDir(), cutFiles(length, nil, way.sizes...), way.options)
			})
			storagetest.RunPads(t, func(t *testing.T, length int64, pads []swarm.Span) swarm.Storage {
				return openWithPart(t, t.TempDir(), cutFiles(length, pads, way.sizes...), way.options)
			})
		})
	}
	t.Run("TwoHandles", func(t *testing.T) {
		storagetest.Run(t, func(t *testing.T, length int64) swarm.Storage {
			return openWithPart(t, t.TempDir(), cutFiles(length, nil, 100000, 30000), Options{Handles: NewHandles(2)})
		})
	})
}

func FuzzStoreWithUnwantedFiles(f *testing.F) {
	storagetest.Fuzz(f, func(t *testing.T, length int64, pads []swarm.Span) swarm.Storage {
		return openWithPart(t, t.TempDir(), cutFiles(length, pads, 7, 20000, 1, 33), Options{Handles: NewHandles(3)})
	})
}

// partTorrent is a torrent of files that share chunks with no other.
func partTorrent() ([]swarm.File, []byte) {
	files := cutFiles(200000, nil, 50000, 100, 40000)
	files = append(files, swarm.File{Path: "t/empty", Offset: 200000})
	return files, ones(200000)
}

func requireBytes(t testing.TB, s *Store, want []byte) {
	t.Helper()
	got := make([]byte, len(want))
	_, err := s.ReadAt(got, 0)
	require.NoError(t, err)
	require.True(t, bytes.Equal(want, got))
}

// requireFiles requires that dir has exactly the files of a torrent, with their bytes.
func requireFiles(t testing.TB, dir string, files []swarm.File, want []byte) {
	t.Helper()
	count := 0
	for _, f := range files {
		got, err := os.ReadFile(filepath.Join(dir, f.Path))
		require.NoError(t, err)
		require.True(t, bytes.Equal(want[f.Offset:f.Offset+f.Length], got), f.Path)
		count++
	}
	require.NoError(t, filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			count--
		}
		return err
	}))
	require.Zero(t, count, "files beside those of the torrent")
}

func TestUnwantedFilesAreNotMade(t *testing.T) {
	dir := t.TempDir()
	files, want := partTorrent()
	unwanted := make([]bool, len(files))
	for i := range unwanted {
		unwanted[i] = i != 2
	}
	var owned []string
	o := Options{Unwanted: unwanted, PartFile: ".x.part", Own: func(paths []string) error {
		owned = append(owned, paths...)
		return nil
	}}
	s := mustOpen(t, dir, files, o)
	writeAll(t, s, want, 0)
	require.Equal(t, []string{".x.part", "t/", "t/2/", files[2].Path}, tree(t, dir))
	require.ElementsMatch(t, []string{".x.part", "t/", "t/2/", files[2].Path}, owned)
	require.Empty(t, s.Modified())
	requireBytes(t, s, want)
	require.NoError(t, s.Sync())
	require.NoError(t, s.Complete())
	part, ok := s.Part()
	require.True(t, ok)
	require.Equal(t, ".x.part", part.Path)
	require.True(t, part.Ours)
	modTime, ok := s.ModTime(".x.part")
	require.True(t, ok)
	require.True(t, modTime.Equal(part.ModTime))
	require.NotContains(t, s.InPart(), files[2].Path)
	require.Len(t, s.InPart(), len(files)-2, "without the wanted and the empty one")

	// A second store reads it, and all is wanted.
	o.Owned = s.Owned()
	require.NoError(t, s.Close())
	s = mustOpen(t, dir, files, o)
	requireBytes(t, s, want)
	require.NoError(t, s.SetUnwanted(nil))
	requireBytes(t, s, want)
	require.NoError(t, s.Complete())
	require.Empty(t, s.InPart())
	_, ok = s.Part()
	require.False(t, ok)
	requireFiles(t, dir, files, want)
	require.NoError(t, s.Remove())
	require.Empty(t, tree(t, dir))
}

func TestRemoveDeletesThePartFile(t *testing.T) {
	dir := t.TempDir()
	files, want := partTorrent()
	s := openWithPart(t, dir, files, Options{})
	writeAll(t, s, want, 0)
	require.NoError(t, s.Remove())
	require.Empty(t, tree(t, dir))
}

func TestUnwantedWithoutPartFile(t *testing.T) {
	dir := t.TempDir()
	files, want := partTorrent()
	s := mustOpen(t, dir, files, Options{Unwanted: everySecond(files)})
	_, err := s.WriteAt(want, 0)
	require.ErrorIs(t, err, ErrUnwanted)
	var e *Error
	require.ErrorAs(t, err, &e)
	require.Equal(t, files[0].Path, e.Path)
	writeAll(t, s, want[files[1].Offset:files[2].Offset], files[1].Offset)
}

func TestBadSelections(t *testing.T) {
	files, _ := partTorrent()
	_, err := Open(t.TempDir(), files, Options{Unwanted: []bool{true}})
	require.Error(t, err)
	for _, name := range []string{"..", "a/b", "/a", ".", "a\x00"} {
		_, err = Open(t.TempDir(), files, Options{PartFile: name})
		require.Error(t, err, name)
	}
	s := mustOpen(t, t.TempDir(), files, Options{})
	require.Error(t, s.SetUnwanted([]bool{true}))
	require.NoError(t, s.Close())
	require.ErrorIs(t, s.SetUnwanted(nil), fs.ErrClosed)
}

// A selection that moves nothing does not wait for a Sync.
func TestSetUnwantedDuringASync(t *testing.T) {
	files, want := partTorrent()
	fake := &fakeFS{}
	s := openWithPart(t, t.TempDir(), files, Options{FS: fake})
	writeAll(t, s, want, 0)
	var once sync.Once
	fake.set(func(op, _ string) error {
		if op == "sync" {
			once.Do(func() {
				require.NoError(t, s.SetUnwanted(everySecond(files)))
				all := make([]bool, len(files))
				for i := range all {
					all[i] = true
				}
				require.NoError(t, s.SetUnwanted(all))
			})
		}
		return nil
	})
	require.NoError(t, s.Sync())
	require.NotZero(t, fake.count("sync"))
}

// A part file that is made while the deletion of the one before it becomes stable stays ours.
func TestPartFileIsMadeAgainDuringItsDeletion(t *testing.T) {
	files, want := partTorrent()
	owned := make(map[string]bool)
	fake := &fakeFS{}
	o := Options{
		FS: fake,
		Own: func(paths []string) error {
			for _, name := range paths {
				owned[name] = true
			}
			return nil
		},
		Disown: func(paths []string) {
			for _, name := range paths {
				delete(owned, name)
			}
		},
	}
	dir := t.TempDir()
	s := openWithPart(t, dir, files, o)
	writeAll(t, s, want[:100], 0)
	require.True(t, owned[".x.part"])
	isDeleted := func() bool {
		_, err := os.Lstat(filepath.Join(dir, ".x.part"))
		return errors.Is(err, fs.ErrNotExist)
	}
	made := false
	fake.set(func(op, _ string) error {
		if op == "syncfolder" && !made && isDeleted() {
			made = true
			writeAll(t, s, want[50100:90100], 50100)
		}
		return nil
	})
	unwanted := make([]bool, len(files))
	unwanted[2] = true
	require.NoError(t, s.SetUnwanted(unwanted))
	require.True(t, made)
	require.False(t, isDeleted())
	require.True(t, owned[".x.part"])
	require.NoError(t, s.SetUnwanted(nil))
	require.True(t, isDeleted())
	require.False(t, owned[".x.part"])
}

func BenchmarkSetUnwanted100000Files(b *testing.B) {
	var files []swarm.File
	for i := range 100000 {
		files = append(files, swarm.File{Path: fmt.Sprint("t/", i), Offset: int64(i), Length: 1})
	}
	s := mustOpen(b, b.TempDir(), files, Options{PartFile: ".x.part"})
	unwanted := everySecond(files)
	for b.Loop() {
		require.NoError(b, s.SetUnwanted(unwanted))
		require.NoError(b, s.SetUnwanted(nil))
	}
}

// BenchmarkWantedBesideUnwanted measures files that are wanted, in a torrent of which others
// are not.
func BenchmarkWantedBesideUnwanted(b *testing.B) {
	storagetest.Benchmark(b, func(b *testing.B, length int64) swarm.Storage {
		files := cutFiles(length, nil, 20<<20)
		files = append(files, swarm.File{Path: "t/unwanted", Offset: length, Length: 1 << 20})
		unwanted := make([]bool, len(files))
		unwanted[len(files)-1] = true
		s := mustOpen(b, b.TempDir(), files, Options{Unwanted: unwanted, PartFile: ".x.part"})
		writeAll(b, s, ones(1<<20), length)
		return s
	})
}

// BenchmarkPartFile measures files that are in the part file.
func BenchmarkPartFile(b *testing.B) {
	storagetest.Benchmark(b, func(b *testing.B, length int64) swarm.Storage {
		files := cutFiles(length, nil, 20<<20)
		unwanted := make([]bool, len(files))
		for i := range unwanted {
			unwanted[i] = true
		}
		return mustOpen(b, b.TempDir(), files, Options{Unwanted: unwanted, PartFile: ".x.part"})
	})
}
