package metainfo

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
	return &forward{fsys: fsys, name: name, f: f, size: fi.Size()}, nil
}

// sizedFile is a source that can be read at any offset.
type sizedFile struct {
	io.ReaderAt
	io.Closer
	size int64
}

func (s sizedFile) Size() int64 { return s.size }

// A forward is a source that can only be read from its start on. Offsets that
// grow cost nothing; going back opens the file once more.
type forward struct {
	fsys fs.FS
	name string
	f    fs.File
	size int64
	pos  int64
}

func (s *forward) Size() int64  { return s.size }
func (s *forward) Close() error { return s.f.Close() }

// ReadAt is not for several goroutines at once.
func (s *forward) ReadAt(p []byte, off int64) (int, error) {
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
