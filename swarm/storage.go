package swarm

import "io"

// Storage holds the bytes of one torrent, laid end to end in file order. Offsets
// and lengths are in bytes.
//
// A call may begin at any offset and have any length, none included: a call on no
// bytes, at an offset from 0 to the length of the torrent, must do nothing and
// return no error. A call that reaches outside the torrent must return an error,
// and must change no byte of the storage outside the range that it names.
//
// Every method but Close may be called from many goroutines at once. The engine
// never writes bytes while another call reads or writes them. A method must not
// keep a slice after it returns, must not change a slice that it writes from, and
// must not change memory outside the slice that it reads into.
//
// Pads must read as zeros, also before anything was written. A write to a pad must
// succeed, count its bytes as written, and change nothing. Stored helps with that.
type Storage interface {
	// ReadAt fills p from offset off. Bytes that were never written must read
	// as zeros, or fail with an error that matches fs.ErrNotExist; written
	// bytes and pads must never fail so. It must return an error if it reads
	// less than all of p, and may return io.EOF with all of p. The bytes that
	// it did read must be right also beside an error.
	io.ReaderAt

	// WriteAt writes all of p at offset off, and must return an error if it
	// writes less. The bytes must be readable as soon as it returns, replace
	// what was there, and leave all other bytes as they were. Whether they
	// outlast a power cut is up to Sync.
	io.WriterAt

	// Close releases what the storage holds open. The engine calls it once,
	// after every other call has returned.
	io.Closer
}

// These are optional abilities of a Storage. Every rule of Storage holds for them too.
type (
	// A VectorReader is a Storage that fills several buffers in one call. The function
	// ReadVecAt uses it. A call may have any number of buffers, also none, and any of
	// them may be empty; it must not change the list of buffers.
	VectorReader interface {
		// ReadVecAt fills bufs in order from offset off. It returns the number of
		// bytes read, and an error if and only if that is not all.
		ReadVecAt(bufs [][]byte, off int64) (n int64, err error)
	}

	// A VectorWriter is a Storage that writes several buffers in one call. The function
	// WriteVecAt uses it. A call may have any number of buffers, also none, and any of
	// them may be empty; it must not change the list of buffers.
	VectorWriter interface {
		// WriteVecAt writes bufs in order at offset off. It returns the number of
		// bytes written, and an error if and only if that is not all.
		WriteVecAt(bufs [][]byte, off int64) (n int64, err error)
	}

	// A WriteLaner is a Storage that says which writes share a lane: if two of them are
	// under way at once, one waits for the other. Most file systems lock a file for each
	// write, so a lane is usually a file. The engine writes to each lane with one call at
	// a time, and joins writes that wait for it. The function WriteLane uses it.
	WriteLaner interface {
		// WriteLane returns the lane of the byte at offset off, which is within
		// the torrent. A negative number says that writes to this byte have no
		// lane. A lane is one range: if two bytes have the same lane, so have
		// all bytes between them. The answer for a byte stays the same, but Idle
		// may change it, and so may the call that ends the idle time.
		//
		// The answer is advice: a write that ignores it must work too.
		// WriteLane must return at once, so it must not do I/O or wait for
		// a call that is under way. It must change no byte.
		WriteLane(off int64) int
	}

	// A Syncer is a Storage that can make bytes outlast a power cut. The function Sync
	// uses it.
	Syncer interface {
		// Sync returns once every byte written before the call is on stable
		// storage. It may be called at any time, also before the first write
		// and while others write. It must change no byte.
		Sync() error
	}

	// A Completer is a Storage that finishes what belongs to a torrent beside its bytes,
	// such as empty files. The function Complete uses it.
	Completer interface {
		// Complete is Sync, and says that every piece is held. It must return
		// an error if something of the torrent is known to be missing
		// afterwards. It may be called again.
		Complete() error
	}

	// An Idler is a Storage that releases what it has open while nobody uses it. The
	// function Idle uses it.
	Idler interface {
		// Idle says that nothing will be read or written for a while. It
		// does not wait for anything, must change no byte, and may be called
		// again. Any other call may follow at once, must work as before, and
		// ends the idle time.
		Idle()
	}
)

// ReadVecAt fills bufs in order from offset off, in one call if r can. It returns
// the number of bytes read, and an error if and only if that is not all.
func ReadVecAt(r io.ReaderAt, bufs [][]byte, off int64) (n int64, err error) {
	if v, ok := r.(VectorReader); ok {
		return v.ReadVecAt(bufs, off)
	}
	for _, p := range bufs {
		m, err := r.ReadAt(p, off+n)
		n += int64(m)
		if m < len(p) {
			if err == nil {
				err = io.ErrUnexpectedEOF
			}
			return n, err
		}
	}
	return n, nil
}

// WriteVecAt writes bufs in order at offset off, in one call if w can. It returns
// the number of bytes written, and an error if that is not all.
func WriteVecAt(w io.WriterAt, bufs [][]byte, off int64) (n int64, err error) {
	if v, ok := w.(VectorWriter); ok {
		return v.WriteVecAt(bufs, off)
	}
	for _, p := range bufs {
		m, err := w.WriteAt(p, off+n)
		n += int64(m)
		if err != nil {
			return n, err
		}
	}
	return n, nil
}

// WriteLane returns the lane of a write at offset off if s is a WriteLaner; else it
// returns a negative number, which means that the write has no lane.
func WriteLane(s any, off int64) int {
	if l, ok := s.(WriteLaner); ok {
		return l.WriteLane(off)
	}
	return -1
}

// Sync makes what was written to s outlast a power cut if s is a Syncer; else it
// does nothing and returns nil.
func Sync(s any) error {
	if y, ok := s.(Syncer); ok {
		return y.Sync()
	}
	return nil
}

// Complete tells s that every piece is held if s is a Completer; else it is Sync.
func Complete(s any) error {
	if c, ok := s.(Completer); ok {
		return c.Complete()
	}
	return Sync(s)
}

// Idle tells s that nobody will use it for a while if s is an Idler; else it does
// nothing.
func Idle(s any) {
	if r, ok := s.(Idler); ok {
		r.Idle()
	}
}
