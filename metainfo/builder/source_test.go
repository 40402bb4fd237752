package builder

import (
	"io"
	"io/fs"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"
)

// onlyForward is a file system whose files can only be read from the start.
type onlyForward struct{ fs.FS }

func (o onlyForward) Open(name string) (fs.File, error) {
	f, err := o.FS.Open(name)
	return struct{ fs.File }{f}, err
}

func TestSequentialFileReadsAtAnyOffset(t *testing.T) {
	s, err := openFile(onlyForward{fstest.MapFS{"f": {Data: []byte("0123456789")}}}, "f")
	require.NoError(t, err)
	defer s.Close()
	require.IsType(t, &sequentialFile{}, s)
	require.EqualValues(t, 10, s.Size())
	b := make([]byte, 3)
	for _, off := range []int64{2, 5, 0, 7, 7} {
		n, err := s.ReadAt(b, off)
		require.NoError(t, err)
		require.Equal(t, "0123456789"[off:off+3], string(b[:n]))
	}
	n, err := s.ReadAt(b, 8)
	require.Equal(t, io.EOF, err)
	require.Equal(t, "89", string(b[:n]))
	_, err = s.ReadAt(b, 20)
	require.Error(t, err)
	n, err = s.ReadAt(b, 1)
	require.NoError(t, err)
	require.Equal(t, 3, n)
	_, err = openFile(fstest.MapFS{}, "f")
	require.ErrorIs(t, err, fs.ErrNotExist)
}
