package diskstore

import (
	"errors"
	"io"
	"io/fs"
	"sync"

	"github.com/shoal-bt/shoal/diskstore/iovec"
	"github.com/shoal-bt/shoal/swarm"
)

var vecsPool = sync.Pool{New: func() any { return new(iovec.Vecs) }}

// ReadAt fills p from offset off of the torrent, in bytes. Reading from a file that
// does not exist yet fails with an error that matches fs.ErrNotExist. If the torrent
// ends before p is full, the error is io.EOF. It may be called concurrently.
func (s *Store) ReadAt(p []byte, off int64) (int, error) {
	all := p
	p, err := s.clip(p, off)
	if err != nil {
		return 0, err
	}
	n := 0
	for i := s.find(off); n < len(p); i++ {
		at := off + int64(n)
		if gap := s.gap(i, at); gap > 0 {
			m := int(min(gap, int64(len(p)-n)))
			clear(p[n : n+m])
			n += m
			if n == len(p) {
				break
			}
			at = off + int64(n)
		}
		sp := s.spans[i]
		m := int(min(sp.end-at, int64(len(p)-n)))
		got, err := s.readFile(sp.file, p[n:n+m], at-sp.offset)
		n += got
		if err != nil {
			return n, err
		}
	}
	if n < len(all) {
		return n, io.EOF
	}
	return n, nil
}

// clip returns the beginning of p that is within the torrent if p starts at off.
func (s *Store) clip(p []byte, off int64) ([]byte, error) {
	if off < 0 || off > s.length {
		return nil, errOutside
	}
	if s.closed.Load() {
		return nil, wrapError("use", ".", -1, fs.ErrClosed)
	}
	return p[:min(int64(len(p)), s.length-off)], nil
}

// gap returns the number of pad bytes between off and span i; 0 if off is within the
// span.
func (s *Store) gap(i int, off int64) int64 {
	if i < len(s.spans) {
		return max(0, s.spans[i].offset-off)
	}
	return s.length - off
}

func (s *Store) readFile(f *file, p []byte, off int64) (int, error) {
	if f.inPart.Load() {
		n, err := s.readPart(f, [][]byte{p}, off, int64(len(p)))
		return int(n), err
	}
	x, err := s.reader(f)
	if err != nil {
		return 0, wrapError("read", f.Path, off, err)
	}
	n, err := x.file.ReadAt(p, off)
	s.handles.release(x)
	if n == len(p) {
		return n, nil
	}
	return n, s.shortReadError(f, off+int64(n), err)
}

// reader returns an open handle of f, for reading or for both. The caller releases
// it.
func (s *Store) reader(f *file) (*handle, error) {
	if x := s.handles.acquire(&f.writing, &f.reading); x != nil {
		return x, nil
	}
	x, err := s.openFile(f, false)
	if err != nil && f.unwanted.Load() && f.state.Load() == absent {
		err = fs.ErrNotExist // what exists there is not the torrent's
	}
	return x, err
}

// shortReadError says why a read ended at off in f, with err.
func (s *Store) shortReadError(f *file, off int64, err error) error {
	switch {
	case err != nil && !errors.Is(err, io.EOF):
	case f.state.Load() == wrongSize, f.endsBefore(off):
		err = fs.ErrNotExist // the bytes after the end were never written
	default:
		// The file was truncated. It is closed, so that the next open
		// checks its size, whatever is written until then.
		err = io.ErrUnexpectedEOF
		s.handles.drop(&f.reading, &f.writing)
	}
	return wrapError("read", f.Path, off, err)
}

// ReadVecAt fills bufs in order from offset off of the torrent, in bytes, with one
// call for each file if the system can. It returns the number of bytes read. If that
// is not all, the error is as for ReadAt. It keeps no slice and may be called
// concurrently.
func (s *Store) ReadVecAt(bufs [][]byte, off int64) (int64, error) {
	if _, err := s.clip(nil, off); err != nil {
		return 0, err
	}
	v := vecsPool.Get().(*iovec.Vecs)
	defer putVecs(v)
	v.Reset(bufs)
	want := v.Len()
	n, err := s.readVecs(v, off, min(want, s.length-off))
	if err == nil && n < want {
		err = io.EOF
	}
	return n, err
}

func (s *Store) readVecs(v *iovec.Vecs, off, want int64) (int64, error) {
	var n int64
	for i := s.find(off); n < want; i++ {
		if gap := min(s.gap(i, off+n), want-n); gap > 0 {
			v.Zero(gap)
			n += gap
			if n == want {
				break
			}
		}
		sp := s.spans[i]
		m := min(sp.end-off-n, want-n)
		got, err := s.readFileVec(sp.file, v.Next(m, maxVecs), off+n-sp.offset, m)
		v.Advance(got)
		n += got
		if err != nil {
			return n, err
		}
	}
	return n, nil
}

// maxVecs means no limit of buffers, because a File takes any number.
const maxVecs = 1 << 30

func (s *Store) readFileVec(f *file, bufs [][]byte, off, want int64) (int64, error) {
	if f.inPart.Load() {
		return s.readPart(f, bufs, off, want)
	}
	return s.readFrom(f, bufs, off, want)
}

// readFrom fills bufs, which are want bytes long, from offset off of f itself.
func (s *Store) readFrom(f *file, bufs [][]byte, off, want int64) (int64, error) {
	x, err := s.reader(f)
	if err != nil {
		return 0, wrapError("read", f.Path, off, err)
	}
	n, err := swarm.ReadVecAt(x.file, bufs, off)
	s.handles.release(x)
	if n == want {
		return n, nil
	}
	return n, s.shortReadError(f, off+n, err)
}

func putVecs(v *iovec.Vecs) {
	v.Reset(nil)
	vecsPool.Put(v)
}
