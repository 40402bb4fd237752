package e2e

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/shoal-bt/shoal/metainfo"
	"github.com/shoal-bt/shoal/metainfo/builder"
	"github.com/stretchr/testify/require"
)

// A shape is how the content of a torrent is cut into files and pieces.
type shape struct {
	name        string
	pieceLength int64
	files       []int64 // lengths in bytes; one alone makes a torrent of one file
}

// shapes are those that every client is tried with. Together they have one file
// and many, empty ones, pieces that span files, short last pieces, a last block
// of one byte, and the least and a large piece length.
var shapes = []shape{
	{"one file, short last piece", 256 << 10, []int64{8<<20 + 12345}},
	{"many small files", 16 << 10, smallFiles(200)},
	{"pieces span files", 1 << 20, []int64{1300000, 7, 2999999, 524288, 1, 3333333}},
	{"16 KiB pieces", 16 << 10, []int64{3 << 20}},
	{"4 MiB pieces", 4 << 20, []int64{24<<20 + 1}},
}

// smallFiles returns n lengths of up to 20 KiB, of which some are zero.
func smallFiles(n int) (lengths []int64) {
	for i := range n {
		lengths = append(lengths, int64(i*i*37%20480)*int64(min(i%9, 1)))
	}
	return lengths
}

// A content is what a torrent is made of, on disk.
type content struct {
	dir  string // the folder that the torrent's file or folder is in
	name string
}

// make writes random content of this shape, the same for the same seed.
func (s shape) make(t *testing.T, seed uint64) content {
	t.Helper()
	c := content{t.TempDir(), "content"}
	random := rand.NewChaCha8([32]byte{byte(seed), byte(len(s.files))})
	for i, n := range s.files {
		name := filepath.Join(c.dir, c.name)
		if len(s.files) > 1 {
			name = filepath.Join(name, fmt.Sprintf("folder %d", i%7), fmt.Sprintf("file %d.bin", i))
			require.NoError(t, os.MkdirAll(filepath.Dir(name), 0o755))
		}
		b := make([]byte, n)
		random.Read(b)
		require.NoError(t, os.WriteFile(name, b, 0o644))
	}
	return c
}

// torrent builds the torrent of c, and writes it to a file for other clients.
func (c content) torrent(t *testing.T, b builder.Options) (tor *metainfo.Torrent, file string) {
	t.Helper()
	tor, err := b.File(t.Context(), filepath.Join(c.dir, c.name))
	require.NoError(t, err)
	raw, err := tor.Bytes()
	require.NoError(t, err)
	file = filepath.Join(t.TempDir(), c.name+".torrent")
	require.NoError(t, os.WriteFile(file, raw, 0o644))
	return tor, file
}

// requireEqual fails the test unless dir has the very files of c, byte by byte,
// and no others. Files without a byte may be left out if the client that wrote
// them makes none.
func (c content) requireEqual(t *testing.T, dir string, noEmpty bool) {
	t.Helper()
	want, got := filesIn(t, filepath.Join(c.dir, c.name)), filesIn(t, filepath.Join(dir, c.name))
	for path, b := range want {
		other, ok := got[path]
		if !ok && noEmpty && len(b) == 0 {
			continue
		}
		if !ok {
			t.Errorf("%q was not made", path)
		} else if !bytes.Equal(b, other) {
			t.Errorf("%q differs: %d bytes of %d, the first at %d", path, len(other), len(b), differAt(b, other))
		}
		delete(got, path)
	}
	for path := range got {
		t.Errorf("%q is no file of the torrent", path)
	}
}

func filesIn(t *testing.T, root string) map[string][]byte {
	t.Helper()
	all := make(map[string][]byte)
	require.NoError(t, filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		name, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		all[name], err = os.ReadFile(path)
		return err
	}))
	return all
}

func differAt(a, b []byte) int {
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return i
		}
	}
	return min(len(a), len(b))
}

// within returns a context for one transfer.
func within(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	t.Cleanup(cancel)
	return ctx
}
