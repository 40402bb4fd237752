package diskstore

import (
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/shoal-bt/shoal/swarm"
	"github.com/shoal-bt/shoal/swarm/storagetest"
)

// cutFiles divides length bytes into files of the given sizes, in turn, between the
// pads.
func cutFiles(length int64, pads []swarm.Span, sizes ...int64) []swarm.File {
	var files []swarm.File
	at := int64(0)
	fill := func(end int64) {
		for at < end {
			n := min(sizes[len(files)%len(sizes)], end-at)
			files = append(files, swarm.File{Path: fmt.Sprintf("t/%d/%d", len(files)%3, len(files)), Offset: at, Length: n})
			at += n
		}
	}
	for _, p := range pads {
		fill(p.Offset)
		files = append(files, swarm.File{Path: fmt.Sprintf(".pad/%d", p.Offset), Offset: p.Offset, Length: p.Length, Pad: true})
		at = p.End()
	}
	fill(length)
	return files
}

// ways are the configurations of a Store that run the suite.
var ways = []struct {
	name    string
	sizes   []int64
	options func() Options
}{
	{"OneFile", []int64{1 << 40}, func() Options { return Options{} }},
	{"ManyFiles", []int64{100000, 1, 16384, 5, 70000}, func() Options { return Options{} }},
	{"Portable", []int64{100000, 1, 16384, 5, 70000}, func() Options { return Options{Portable: true} }},
	{"TwoHandles", []int64{100000, 30000, 16384, 70000}, func() Options { return Options{Handles: NewHandles(2)} }},
	{"ThreeHandlesPortable", []int64{100000, 30000}, func() Options { return Options{Portable: true, Handles: NewHandles(3)} }},
	{"ParallelWrites", []int64{100000, 30000}, func() Options { return Options{ParallelWrites: true} }},
	{"Preallocated", []int64{100000, 30000}, func() Options { return Options{Allocate: AllocateFull} }},
	{"PreallocatedPortable", []int64{100000, 30000}, func() Options { return Options{Allocate: AllocateFull, Portable: true} }},
	{"Growing", []int64{100000, 1, 30000}, func() Options { return Options{Allocate: AllocateNone} }},
	{"GrowingPortable", []int64{100000, 30000}, func() Options { return Options{Allocate: AllocateNone, Portable: true, Handles: NewHandles(3)} }},
}

func TestStorage(t *testing.T) {
	for _, way := range ways {
		t.Run(way.name, func(t *testing.T) {
			storagetest.Run(t, func(t *testing.T, length int64) swarm.Storage {
				return mustOpen(t, t.TempDir(), cutFiles(length, nil, way.sizes...), way.options())
			})
		})
	}
}

func TestStoragePads(t *testing.T) {
	for _, way := range ways {
		t.Run(way.name, func(t *testing.T) {
			storagetest.RunPads(t, func(t *testing.T, length int64, pads []swarm.Span) swarm.Storage {
				return mustOpen(t, t.TempDir(), cutFiles(length, pads, way.sizes...), way.options())
			})
		})
	}
}

// FuzzStore makes the same calls on a Store and on a swarm.Memory.
func FuzzStore(f *testing.F) {
	storagetest.Fuzz(f, func(t *testing.T, length int64, pads []swarm.Span) swarm.Storage {
		return mustOpen(t, t.TempDir(), cutFiles(length, pads, 7, 100, 1, 33), Options{Handles: NewHandles(3)})
	})
}

func FuzzStorePortable(f *testing.F) {
	storagetest.Fuzz(f, func(t *testing.T, length int64, pads []swarm.Span) swarm.Storage {
		return mustOpen(t, t.TempDir(), cutFiles(length, pads, 7, 100, 1, 33), Options{Portable: true})
	})
}

func BenchmarkStore(b *testing.B) {
	for _, portable := range []bool{false, true} {
		b.Run(fmt.Sprintf("portable=%v", portable), func(b *testing.B) {
			storagetest.Benchmark(b, func(b *testing.B, length int64) swarm.Storage {
				return mustOpen(b, b.TempDir(), cutFiles(length, nil, 20<<20), Options{Portable: portable})
			})
		})
	}
}

func BenchmarkOpen10000Files(b *testing.B) {
	dir := b.TempDir()
	files := cutFiles(10000, nil, 1)
	b.ReportAllocs()
	for b.Loop() {
		s, err := Open(dir, files, Options{})
		require.NoError(b, err)
		s.Close()
	}
}

// TestAllocations checks that the usual calls allocate nothing. A vectored call
// allocates only the list of vectors in x/sys.
func TestAllocations(t *testing.T) {
	s := mustOpen(t, t.TempDir(), cutFiles(1<<20, nil, 400000), Options{})
	p := make([]byte, 1<<20)
	bufs := make([][]byte, 64)
	for i := range bufs {
		bufs[i] = p[i<<14 : (i+1)<<14]
	}
	writeAll(t, s, p, 0)
	require.Zero(t, testing.AllocsPerRun(50, func() { s.ReadAt(p[:16384], 390000) }), "ReadAt")
	require.Zero(t, testing.AllocsPerRun(50, func() { s.WriteAt(p[:16384], 390000) }), "WriteAt")
	require.LessOrEqual(t, testing.AllocsPerRun(50, func() { s.WriteVecAt(bufs, 0) }), 20.0, "WriteVecAt")
	require.LessOrEqual(t, testing.AllocsPerRun(50, func() { s.ReadVecAt(bufs, 0) }), 20.0, "ReadVecAt")
}

// A piece is written to each of its files in one call.
func TestOneCallPerFile(t *testing.T) {
	fake := &fakeFS{}
	s := mustOpen(t, t.TempDir(), cutFiles(1<<20, nil, 400000), Options{FS: fake})
	bufs := make([][]byte, 64)
	for i := range bufs {
		bufs[i] = ones(1 << 14)
	}
	_, err := s.WriteVecAt(bufs, 0)
	require.NoError(t, err)
	require.Equal(t, 3, fake.count("write"))
	_, err = s.ReadVecAt(bufs, 0)
	require.NoError(t, err)
	require.Equal(t, 3, fake.count("read"))
}

func TestOffsetsOutside(t *testing.T) {
	s := mustOpen(t, t.TempDir(), someFiles(), Options{})
	require.EqualValues(t, someLength, s.Length())
	writeAll(t, s, ones(someLength), 0)
	p := make([]byte, 10)
	n, err := s.ReadAt(p, someLength-4)
	require.Equal(t, 4, n)
	require.Equal(t, io.EOF, err)
	m, err := s.ReadVecAt([][]byte{p[:3], p[3:]}, someLength-4)
	require.EqualValues(t, 4, m)
	require.Equal(t, io.EOF, err)
	for _, off := range []int64{-1, someLength + 1, 1 << 62, -1 << 63} {
		_, err := s.ReadAt(p, off)
		require.Error(t, err)
		_, err = s.ReadVecAt([][]byte{p}, off)
		require.Error(t, err)
		_, err = s.WriteAt(p, off)
		require.Error(t, err)
		_, err = s.WriteVecAt([][]byte{p}, off)
		require.Error(t, err)
	}
	_, err = s.WriteAt(p, someLength-4)
	require.Error(t, err, "writing past the end fails")
}

func TestClosed(t *testing.T) {
	s := mustOpen(t, t.TempDir(), someFiles(), Options{})
	writeAll(t, s, ones(someLength), 0)
	require.NoError(t, s.Close())
	require.NoError(t, s.Close())
	p := make([]byte, 5)
	_, err := s.ReadAt(p, 0)
	require.ErrorIs(t, err, fs.ErrClosed)
	_, err = s.ReadVecAt([][]byte{p}, 0)
	require.ErrorIs(t, err, fs.ErrClosed)
	_, err = s.WriteAt(p, 0)
	require.ErrorIs(t, err, fs.ErrClosed)
	_, err = s.WriteVecAt([][]byte{p}, 0)
	require.ErrorIs(t, err, fs.ErrClosed)
	require.ErrorIs(t, s.Sync(), fs.ErrClosed)
	require.ErrorIs(t, s.Create(), fs.ErrClosed)
}

// Nothing is kept only in memory: a second store reads what the first one wrote.
func TestReopened(t *testing.T) {
	dir := t.TempDir()
	files := cutFiles(100000, []swarm.Span{{Offset: 5000, Length: 300}}, 7777, 1, 30000)
	want := ones(100000)
	s := mustOpen(t, dir, files, Options{})
	for _, i := range rand.New(rand.NewPCG(1, 1)).Perm(100) {
		writeAll(t, s, want[i*1000:(i+1)*1000], int64(i)*1000)
	}
	require.NoError(t, s.Close())
	clear(want[5000:5300])
	got := make([]byte, len(want))
	_, err := mustOpen(t, dir, files, Options{}).ReadAt(got, 0)
	require.NoError(t, err)
	require.Equal(t, want, got)
	for _, f := range files {
		if f.Pad {
			require.NoFileExists(t, filepath.Join(dir, f.Path))
			continue
		}
		onDisk, err := os.ReadFile(filepath.Join(dir, f.Path))
		require.NoError(t, err)
		require.True(t, slices.Equal(want[f.Offset:f.Offset+f.Length], onDisk), f.Path)
	}
}
