package archive

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// zeros is a block of content, which a sparseFile does not store.
var zeros = make([]byte, copySize)

// A zeroReader reads zeros without end.
type zeroReader struct{}

func (zeroReader) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

// A sparseFile is a file of any length that stores what is written to it, but for whole blocks of
// zeros, which it reads back as such.
type sparseFile struct {
	length int64
	parts  []sparsePart // in order
}

type sparsePart struct {
	offset int64
	bytes  []byte
}

func (s *sparseFile) Write(p []byte) (int, error) {
	if !bytes.Equal(p, zeros) {
		s.parts = append(s.parts, sparsePart{s.length, bytes.Clone(p)})
	}
	s.length += int64(len(p))
	return len(p), nil
}

func (s *sparseFile) ReadAt(p []byte, offset int64) (int, error) {
	clear(p)
	for _, part := range s.parts {
		from := max(part.offset, offset)
		to := min(part.offset+int64(len(part.bytes)), offset+int64(len(p)))
		if from < to {
			copy(p[from-offset:], part.bytes[from-part.offset:to-part.offset])
		}
	}
	n := min(int64(len(p)), max(s.length-offset, 0))
	if n < int64(len(p)) {
		return int(n), io.EOF
	}
	return len(p), nil
}

// A file of exactly the size from which on Zip64 is needed, and one behind it, written and read
// as they are.
func TestFileOf4GiB(t *testing.T) {
	entries := []Entry{{Name: "big", Size: max32}, {Name: "small", Size: 5}}
	a, err := New(entries)
	require.NoError(t, err)
	var s sparseFile
	require.NoError(t, a.Write(&s, func(i int) (io.ReadCloser, error) {
		if i == 1 {
			return io.NopCloser(strings.NewReader("hello")), nil
		}
		return io.NopCloser(zeroReader{}), nil
	}))
	require.Equal(t, a.Len(), s.length)
	r, err := zip.NewReader(&s, s.length)
	require.NoError(t, err)
	assert.EqualValues(t, uint64(max32), r.File[0].UncompressedSize64)
	assert.EqualValues(t, uint64(max32), r.File[0].CompressedSize64)
	small, err := r.File[1].Open()
	require.NoError(t, err)
	got, err := io.ReadAll(small)
	require.NoError(t, err)
	assert.Equal(t, "hello", string(got))

	at := entries[0].Size + localSize + int64(len("big")) + 20
	var descriptor [descriptor64Size]byte
	_, err = s.ReadAt(descriptor[:], at)
	require.NoError(t, err)
	assert.EqualValues(t, descriptorSignature, binary.LittleEndian.Uint32(descriptor[:]))
	assert.EqualValues(t, uint64(max32), binary.LittleEndian.Uint64(descriptor[8:]))
	assert.EqualValues(t, uint64(max32), binary.LittleEndian.Uint64(descriptor[16:]))
}

// withoutContent returns the records of an archive at their places.
func withoutContent(a *Archive) *sparseFile {
	var s sparseFile
	for _, f := range a.files {
		s.Write(f.appendLocal(nil))
		s.length += int64(f.size)
		s.Write(f.appendDescriptor(nil, 0))
	}
	a.writeDirectory(&s, nil, make([]uint32, len(a.files)))
	return &s
}

// The sizes and offsets about which Zip64 begins. What is written without need is refused by some
// programs, and what is missing is wrong in all.
func TestEdgesOfZip64(t *testing.T) {
	const overhead = localSize + 1 + descriptorSize // of a file named by one letter
	for name, test := range map[string]struct {
		first                int64 // size of the first of two files
		size64, far64, end64 bool
	}{
		"all is small":                  {first: 10},
		"the directory fits":            {first: max32 - 1 - 2*overhead},
		"the directory does not fit":    {first: max32 - 2*overhead, end64: true},
		"the last offset that fits":     {first: max32 - 1 - overhead, end64: true},
		"the first that does not":       {first: max32 - overhead, far64: true, end64: true},
		"the largest size that fits":    {first: max32 - 1, far64: true, end64: true},
		"the first size that does not":  {first: max32, size64: true, far64: true, end64: true},
		"the size after it":             {first: max32 + 1, size64: true, far64: true, end64: true},
		"five petabytes in two of them": {first: 5 << 50, size64: true, far64: true, end64: true},
	} {
		t.Run(name, func(t *testing.T) {
			a, err := New([]Entry{{Name: "a", Size: test.first}, {Name: "b"}})
			require.NoError(t, err)
			s := withoutContent(a)
			want := test.first + 2*overhead + 2*47 + 22
			if test.size64 {
				want += 20 + 8 + 28
			}
			if test.far64 {
				want += 28
			}
			if test.end64 {
				want += 56 + 20
			}
			assert.Equal(t, want, a.Len())
			assert.Equal(t, want, s.length)
			r, err := zip.NewReader(s, s.length)
			require.NoError(t, err)
			require.Len(t, r.File, 2)
			assert.EqualValues(t, test.first, r.File[0].UncompressedSize64)
			assert.EqualValues(t, test.first, r.File[0].CompressedSize64)
			at, err := r.File[1].DataOffset()
			require.NoError(t, err)
			assert.EqualValues(t, a.content-descriptorSize, at)
		})
	}
}

func TestEndOfArchive(t *testing.T) {
	for _, test := range []struct {
		count        int
		offset, size int64
		want         int
	}{
		{0, 0, 0, 22},
		{max16 - 1, max32 - 1, max32 - 1, 22},
		{max16, 0, 0, 98},
		{0, max32, 0, 98},
		{0, 0, max32, 98},
	} {
		assert.Len(t, appendEnd(nil, test.count, test.offset, test.size), test.want, "%+v", test)
	}
}
