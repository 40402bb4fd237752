package diskstore

import (
	"errors"
	"fmt"
)

// An Allocation says when a file gets its length and its space on the disk.
type Allocation uint8

const (
	// AllocateSparse gives a file its length when it is made. It takes space as
	// bytes are written, so a disk that is full fails a later write.
	AllocateSparse Allocation = iota

	// AllocateNone lets a file grow as it is written, for file systems that fill
	// a file with zeros if it gets its length first. A file that ends early is no
	// error until Complete or FinishFile. Reading after its end fails with an
	// error that matches fs.ErrNotExist.
	AllocateNone

	// AllocateFull gives a file its length and all of its space when it is made.
	// A disk that is full fails the first write to the file. If the file system
	// cannot reserve space, Options.Warn gets an error, and files are made as by
	// AllocateSparse. Zeros are never written.
	AllocateFull
)

// String returns "sparse", "none" or "full".
func (a Allocation) String() string {
	switch a {
	case AllocateSparse:
		return "sparse"
	case AllocateNone:
		return "none"
	case AllocateFull:
		return "full"
	}
	return fmt.Sprintf("Allocation(%d)", uint8(a))
}

// extend gives f, which is new or too short, what Options.Allocate says.
func (s *Store) extend(f *file, opened File) error {
	switch s.allocation {
	case AllocateNone:
		return nil
	case AllocateFull:
		err := reserveSpace(opened, f.Length)
		if !errors.Is(err, errors.ErrUnsupported) {
			return err
		}
		s.warnSparse(f, err)
	}
	return opened.Truncate(f.Length)
}

// reserveSpace gives a file its length, in bytes, and its space. An error that matches
// errors.ErrUnsupported says that nothing can do that.
func reserveSpace(opened File, length int64) error {
	a, ok := opened.(Allocator)
	if !ok {
		return errors.ErrUnsupported
	}
	return a.Allocate(length)
}

// warnSparse reports once that files are sparse.
func (s *Store) warnSparse(f *file, err error) {
	s.warned.Do(func() {
		if s.warn != nil {
			err = fmt.Errorf("space cannot be reserved here, so files are sparse, and a full disk fails a later write: %w", err)
			s.warn(wrapError("allocate", f.Path, -1, err))
		}
	})
}

// mayGrowFrom reports whether f may have size bytes on disk because it still grows: less than
// its length, but no less than we know of.
func (f *file) mayGrowFrom(size int64) bool {
	return f.grows && f.end.Load() <= size && size < f.Length
}

// endsBefore reports whether f has no byte at off, because it grows and was not written so far.
func (f *file) endsBefore(off int64) bool { return f.grows && f.end.Load() <= off }

// sawSize notes the size of f, in bytes, when it is seen for the first time.
func (f *file) sawSize(size int64) {
	if f.grows {
		f.end.Store(min(size, f.Length))
	}
}

// wroteTo notes that f was written up to end, in bytes.
func (f *file) wroteTo(end int64) {
	for f.grows {
		was := f.end.Load()
		if end <= was || f.end.CompareAndSwap(was, end) {
			return
		}
	}
}
