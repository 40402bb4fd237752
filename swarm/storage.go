package swarm

import "io"

// Storage holds the bytes of one torrent, laid end to end in file order.
//
// Offsets and lengths are in bytes and lie within the torrent. Pads read as
// zeros, and writes to them are dropped. Every method may be called from many
// goroutines at once; the engine never writes bytes that are being read or
// written by another call. No method keeps a slice after it returns, or changes
// one that it writes from.
type Storage interface {
	// ReadAt fills p from offset off. Bytes that were never written read as
	// zeros, or fail with an error that matches fs.ErrNotExist.
	io.ReaderAt

	// WriteAt writes all of p at offset off. The bytes can be read back as
	// soon as it returns; whether they outlast a power cut is up to Sync.
	io.WriterAt

	// Close releases what the storage holds open. The engine calls it once,
	// after every other call has returned.
	io.Closer
}

// VectorReader, VectorWriter, Syncer and Idler are optional abilities of a Storage.
// The functions ReadVecAt, WriteVecAt, Sync and Idle use them if the Storage
// implements them. They follow the rules of Storage; nor do they change the caller's
// outer slice.
type (
	// A VectorReader fills bufs in order from offset off.
	VectorReader interface {
		ReadVecAt(bufs [][]byte, off int64) (n int64, err error)
	}

	// A VectorWriter writes bufs in order at offset off.
	VectorWriter interface {
		WriteVecAt(bufs [][]byte, off int64) (n int64, err error)
	}

	// A Syncer makes bytes outlast a power cut.
	Syncer interface {
		// Sync returns once every byte written before the call is stable.
		Sync() error
	}

	// An Idler releases what it has open while nobody uses it.
	Idler interface {
		// Idle says that nothing will be read or written for a while. It does
		// not block. Any other call may follow at once and ends the idle time.
		Idle()
	}
)

// ReadVecAt fills bufs in order from offset off, in one call if r can. It returns
// the number of bytes read, and an error if that is not all.
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

// Sync makes what was written to s stable, if s can.
func Sync(s any) error {
	if y, ok := s.(Syncer); ok {
		return y.Sync()
	}
	return nil
}

// Idle tells s that nobody will use it for a while, if s is an Idler.
func Idle(s any) {
	if r, ok := s.(Idler); ok {
		r.Idle()
	}
}
