package archive

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// content returns what the file of an entry holds in these tests.
func content(i int, size int64) []byte {
	return bytes.Repeat([]byte{byte('a' + i%26)}, int(size))
}

// build writes an archive of the entries and checks that it has the length that it promised.
func build(t testing.TB, entries []Entry) []byte {
	a, err := New(entries)
	require.NoError(t, err)
	var b bytes.Buffer
	require.NoError(t, a.Write(&b, func(i int) (io.ReadCloser, error) {
		return io.NopCloser(iotest.OneByteReader(bytes.NewReader(content(i, entries[i].Size)))), nil
	}))
	require.EqualValues(t, a.Len(), b.Len(), "the length that was promised")
	return b.Bytes()
}

// readBack opens an archive and compares its files with the entries.
func readBack(t testing.TB, archive []byte, entries []Entry) *zip.Reader {
	r, err := zip.NewReader(bytes.NewReader(archive), int64(len(archive)))
	require.NoError(t, err)
	require.Len(t, r.File, len(entries))
	for i, f := range r.File {
		in, err := f.Open()
		require.NoError(t, err)
		got, err := io.ReadAll(in) // checks the checksum
		require.NoError(t, err)
		require.Equal(t, string(content(i, entries[i].Size)), string(got))
		require.NoError(t, in.Close())
	}
	return r
}

func TestArchive(t *testing.T) {
	at := time.Date(2026, 11, 27, 1, 2, 3, 0, time.UTC)
	entries := []Entry{
		{Name: "Film/Film.mkv", Size: 200_000, Modified: at},
		{Name: "Film/Žluťoučký kůň 映画.srt", Size: 5},
		{Name: "Film/empty", Size: 0, Modified: at},
	}
	r := readBack(t, build(t, entries), entries)
	for i, f := range r.File {
		assert.Equal(t, entries[i].Name, f.Name)
		assert.False(t, f.NonUTF8)
		assert.EqualValues(t, zip.Store, f.Method)
		assert.Equal(t, "-rw-r--r--", f.Mode().String())
	}
	assert.True(t, r.File[0].Modified.Equal(at), "an odd second is kept: %v", r.File[0].Modified)
	assert.Equal(t, 1980, r.File[1].Modified.UTC().Year())
}

func TestEmptyArchive(t *testing.T) {
	archive := build(t, nil)
	assert.Len(t, archive, 22)
	readBack(t, archive, nil)
}

func TestTimes(t *testing.T) {
	for _, test := range []struct{ in, want time.Time }{
		{time.Unix(0, 0), time.Unix(0, 0)},
		{time.Date(1950, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC)},
		{time.Date(-5000, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC)},
		{time.Date(2038, 1, 19, 3, 14, 7, 0, time.UTC), time.Date(2038, 1, 19, 3, 14, 7, 0, time.UTC)},
		{time.Date(2038, 1, 19, 3, 14, 9, 0, time.UTC), time.Date(2038, 1, 19, 3, 14, 8, 0, time.UTC)},
		{time.Date(99999, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2107, 12, 31, 23, 59, 58, 0, time.UTC)},
		{time.Unix(1<<62, 0), time.Date(2107, 12, 31, 23, 59, 58, 0, time.UTC)},
	} {
		entries := []Entry{{Name: "a", Size: 1, Modified: test.in}}
		got := readBack(t, build(t, entries), entries).File[0].Modified
		assert.True(t, got.Equal(test.want), "%v is %v, want %v", test.in, got, test.want)
	}
}

// The numbers of files about which the end needs Zip64.
func TestManyFiles(t *testing.T) {
	for count, overhead := range map[int]int{65_534: 22, 65_535: 98, 65_536: 98} {
		entries := make([]Entry, count)
		for i := range entries {
			entries[i].Name = fmt.Sprintf("%05d", i)
		}
		archive := build(t, entries)
		assert.Len(t, archive, count*(30+5+16+46+5)+overhead)
		r := readBack(t, archive, entries)
		assert.Equal(t, entries[count-1].Name, r.File[count-1].Name)
	}
}

func TestSizesThatNoArchiveHas(t *testing.T) {
	const most = 1<<63 - 1
	for _, entries := range [][]Entry{
		{{Name: "a", Size: -1}},
		{{Name: "a", Size: most}},
		{{Name: "a", Size: most - 60}},
		{{Name: "a", Size: most / 2}, {Name: "b", Size: most / 2}, {Name: "c", Size: most / 2}},
		{{Name: "a", Size: -most - 1}, {Name: "b", Size: most}},
	} {
		_, err := New(entries)
		assert.ErrorContains(t, err, "archive: the", "%v", entries)
	}
	a, err := New([]Entry{{Name: "a", Size: most - 1_000}})
	require.NoError(t, err)
	assert.Greater(t, a.Len(), int64(most-1_000))
}

// A closeCounter counts how many readers are open.
type closeCounter struct {
	io.Reader
	open *int
}

func (c closeCounter) Close() error {
	*c.open--
	return nil
}

func TestFilesThatFail(t *testing.T) {
	broken := errors.New("broken")
	for name, test := range map[string]struct {
		second io.Reader // nil if it cannot be opened
		want   error
	}{
		"short":         {strings.NewReader("12345"), io.ErrUnexpectedEOF},
		"empty":         {strings.NewReader(""), io.ErrUnexpectedEOF},
		"broken":        {io.MultiReader(strings.NewReader("12"), iotest.ErrReader(broken)), broken},
		"does not open": {nil, broken},
		"too long":      {strings.NewReader("1234567890"), nil},
	} {
		t.Run(name, func(t *testing.T) {
			a, err := New([]Entry{{Name: "a", Size: 6}, {Name: "b", Size: 6}, {Name: "c", Size: 6}})
			require.NoError(t, err)
			open, opened := 0, 0
			var b bytes.Buffer
			err = a.Write(&b, func(i int) (io.ReadCloser, error) {
				require.Zero(t, open, "one at a time")
				opened++
				if i != 1 {
					open++
					return closeCounter{strings.NewReader("123456"), &open}, nil
				}
				if test.second == nil {
					return nil, broken
				}
				open++
				return closeCounter{test.second, &open}, nil
			})
			assert.Zero(t, open, "every reader is closed")
			if test.want != nil {
				assert.ErrorIs(t, err, test.want)
				assert.Equal(t, 2, opened)
				return
			}
			assert.NoError(t, err)
			assert.EqualValues(t, a.Len(), b.Len())
		})
	}
}

// A limitedWriter fails after a number of bytes.
type limitedWriter struct{ left int }

func (w *limitedWriter) Write(p []byte) (int, error) {
	if len(p) > w.left {
		return w.left, io.ErrClosedPipe
	}
	w.left -= len(p)
	return len(p), nil
}

func TestWriterThatFails(t *testing.T) {
	entries := []Entry{{Name: "a", Size: 6}, {Name: "b", Size: 6}}
	a, err := New(entries)
	require.NoError(t, err)
	open := 0
	for n := range int(a.Len()) {
		err = a.Write(&limitedWriter{n}, func(i int) (io.ReadCloser, error) {
			open++
			return closeCounter{bytes.NewReader(content(i, 6)), &open}, nil
		})
		require.ErrorIs(t, err, io.ErrClosedPipe, "after %d bytes", n)
		require.Zero(t, open)
	}
}

func FuzzArchive(f *testing.F) {
	f.Add("a/b\na/b\na", int64(7), int64(1_700_000_000))
	f.Add("../../etc/passwd\nC:\\x\nCON.txt\n\xff\n", int64(0), int64(-1))
	f.Fuzz(func(t *testing.T, names string, size, seconds int64) {
		var entries []Entry
		for name := range strings.SplitSeq(names, "\n") {
			entries = append(entries, Entry{Name: name, Size: max(size, -size, 0) % 100, Modified: time.Unix(seconds, 0)})
		}
		r := readBack(t, build(t, entries), entries)
		seen := map[string]bool{}
		for _, file := range r.File {
			checkName(t, file.Name)
			assert.False(t, file.FileInfo().IsDir())
			assert.False(t, seen[fold(file.Name)], "%q is there twice", file.Name)
			seen[fold(file.Name)] = true
		}
		for name := range seen {
			for dir := path.Dir(name); dir != "."; dir = path.Dir(dir) {
				assert.False(t, seen[dir], "%q is a file and a folder", dir)
			}
		}
		_, err := New([]Entry{{Name: names, Size: size}})
		assert.True(t, (err == nil) || (size < 0) || (size > 1<<62), "%d: %v", size, err)
	})
}
