package diskstore

import (
	"io"
	"io/fs"

	"github.com/shoal-bt/shoal/diskstore/iovec"
	"github.com/shoal-bt/shoal/swarm"
)

// WriteAt writes all of p at offset off of the torrent, in bytes. A write beyond the
// end of the torrent is an error and writes nothing. It does not keep p and may be
// called concurrently; see Store for the files that it makes.
func (s *Store) WriteAt(p []byte, off int64) (int, error) {
	if err := s.prepareWrite(off, int64(len(p))); err != nil {
		return 0, err
	}
	n := 0
	for i := s.find(off); n < len(p); i++ {
		n += int(min(s.gap(i, off+int64(n)), int64(len(p)-n)))
		if n == len(p) {
			break
		}
		sp := s.spans[i]
		at := off + int64(n)
		m := int(min(sp.end-at, int64(len(p)-n)))
		got, err := s.writeFile(sp.file, p[n:n+m], at-sp.offset)
		n += got
		if err != nil {
			return n, err
		}
	}
	return n, nil
}

// prepareWrite makes the missing files for a write of n bytes at off.
func (s *Store) prepareWrite(off, n int64) error {
	if off < 0 || n > s.length || off > s.length-n {
		return errOutside
	}
	if s.closed.Load() {
		return wrapError("use", ".", -1, fs.ErrClosed)
	}
	if n == 0 {
		return nil
	}
	from := s.find(off)
	to := from
	missing := !s.emptyMade.Load()
	for ; to < len(s.spans) && s.spans[to].offset < off+n; to++ {
		missing = missing || s.spans[to].file.state.Load() != present || s.spans[to].file.inPart.Load()
	}
	if !missing {
		return nil
	}
	for _, sp := range s.spans[from:to] {
		if sp.file.inPart.Load() && !sp.file.unwanted.Load() {
			if err := s.restore([]*file{sp.file}); err != nil {
				return err
			}
		}
	}
	return s.create(s.spans[from:to])
}

func (s *Store) writeFile(f *file, p []byte, off int64) (int, error) {
	if s.toPart(f) || f.state.Load() == absent {
		n, routed, err := s.writeRouted(f, [][]byte{p}, off, int64(len(p)))
		if routed || err != nil {
			return int(n), err
		}
	}
	x, err := s.writer(f)
	if err != nil {
		return 0, wrapError("write", f.Path, off, err)
	}
	if err := s.beginWrite(f, x.file); err != nil {
		return 0, s.refuseWrite(f, x, off, err)
	}
	n, err := x.file.WriteAt(p, off)
	f.wroteTo(off + int64(n))
	s.endWrite(f, x.file)
	f.dirty.Store(true)
	s.handles.release(x)
	if n < len(p) && err == nil {
		err = io.ErrShortWrite
	}
	if err != nil {
		return n, wrapError("write", f.Path, off+int64(n), err)
	}
	return n, nil
}

// refuseWrite ends the use of x without a write to f, because of err.
func (s *Store) refuseWrite(f *file, x *handle, off int64, err error) error {
	s.handles.release(x)
	s.forgetChanged(f, err)
	return wrapError("write", f.Path, off, err)
}

// writer returns an open handle of f for writing. The caller releases it.
func (s *Store) writer(f *file) (*handle, error) {
	if x := s.handles.acquire(&f.writing); x != nil {
		return x, nil
	}
	if !s.writable(f) {
		at := s.names.At(f.Path)
		if at != f.Path {
			return nil, foreignAt(at)
		}
		return nil, ErrForeign
	}
	x, err := s.openFile(f, true)
	if err != nil {
		s.forgetChanged(f, err)
	}
	return x, err
}

// WriteVecAt writes bufs in order at offset off of the torrent, in bytes, with one
// call for each file if the system can. It returns the number of bytes written, and
// an error if that is not all. It keeps no slice and may be called concurrently.
func (s *Store) WriteVecAt(bufs [][]byte, off int64) (int64, error) {
	v := vecsPool.Get().(*iovec.Vecs)
	defer putVecs(v)
	v.Reset(bufs)
	want := v.Len()
	if err := s.prepareWrite(off, want); err != nil {
		return 0, err
	}
	var n int64
	for i := s.find(off); n < want; i++ {
		if gap := min(s.gap(i, off+n), want-n); gap > 0 {
			v.Advance(gap)
			n += gap
			if n == want {
				break
			}
		}
		sp := s.spans[i]
		m := min(sp.end-off-n, want-n)
		got, err := s.writeFileVec(sp.file, v.Next(m, maxVecs), off+n-sp.offset, m)
		v.Advance(got)
		n += got
		if err != nil {
			return n, err
		}
	}
	return n, nil
}

// WriteLane returns a number for each file: writes to one file wait for each other. A
// pad belongs to the file before it, so that a write to both has one lane. It returns
// -1 before the first file, and everywhere if Options.ParallelWrites is set. off is in
// the torrent, in bytes. It may be called concurrently.
func (s *Store) WriteLane(off int64) int {
	if s.parallel {
		return -1
	}
	i := s.find(off)
	if i < len(s.spans) && s.spans[i].offset <= off {
		return i
	}
	return i - 1
}

func (s *Store) writeFileVec(f *file, bufs [][]byte, off, want int64) (int64, error) {
	if s.toPart(f) || f.state.Load() == absent {
		n, routed, err := s.writeRouted(f, bufs, off, want)
		if routed || err != nil {
			return n, err
		}
	}
	return s.writeTo(f, bufs, off, want)
}

// writeTo writes bufs, which are want bytes long, at offset off of f itself.
func (s *Store) writeTo(f *file, bufs [][]byte, off, want int64) (int64, error) {
	x, err := s.writer(f)
	if err != nil {
		return 0, wrapError("write", f.Path, off, err)
	}
	if err := s.beginWrite(f, x.file); err != nil {
		return 0, s.refuseWrite(f, x, off, err)
	}
	n, err := swarm.WriteVecAt(x.file, bufs, off)
	f.wroteTo(off + n)
	s.endWrite(f, x.file)
	f.dirty.Store(true)
	s.handles.release(x)
	if n < want && err == nil {
		err = io.ErrShortWrite
	}
	if err != nil {
		return n, wrapError("write", f.Path, off+n, err)
	}
	return n, nil
}
