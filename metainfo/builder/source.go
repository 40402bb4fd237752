package builder

import (
	"errors"
	"io"
	"io/fs"
)

// openFile opens a file of any file system for reading at offsets.
func openFile(fsys fs.FS, name string) (source, error) {
	f, err := fsys.Open(name)
	if err != nil {
		return nil, err
	}
	fi, err := f.Stat()
	if err != nil {
		f.Close()
		return nil, err
	}
	if r, ok := f.(io.ReaderAt); ok {
		return sizedFile{r, f, fi.Size()}, nil
	}
	return &sequentialFile{fsys: fsys, name: name, f: f, size: fi.Size()}, nil
}

// sizedFile is a source that can be read at any offset.
type sizedFile struct {
	io.ReaderAt
	io.Closer
	size int64
}

func (s sizedFile) Size() int64 { return s.size }

// A sequentialFile is a source whose file can only be read from its start on.
// Offsets that grow cost nothing; a smaller one opens the file again.
type sequentialFile struct {
	fsys fs.FS
	name string
	f    fs.File
	size int64
	pos  int64
}

func (s *sequentialFile) Size() int64  { return s.size }
func (s *sequentialFile) Close() error { return s.f.Close() }

// ReadAt may be called by one goroutine at a time.
func (s *sequentialFile) ReadAt(p []byte, off int64) (int, error) {
	if off < s.pos {
		f, err := s.fsys.Open(s.name)
		if err != nil {
			return 0, err
		}
		s.f.Close()
		s.f, s.pos = f, 0
	}
	n, err := io.CopyN(io.Discard, s.f, off-s.pos)
	s.pos += n
	if err != nil {
		return 0, err
	}
	m, err := io.ReadFull(s.f, p)
	s.pos += int64(m)
	if errors.Is(err, io.ErrUnexpectedEOF) {
		err = io.EOF
	}
	return m, err
}
