package diskstore

import (
	"sync"
	"time"
)

// A modification is what the store knows of the writes to a file. Our own writes change
// the modification time too. So it is read before a write, if none is under way, and again
// after it: what differs between two writes of ours, another program did.
//
// The time may also change without a write. File systems on a network set it late, or round
// it. So a time that differs is no error: Modified lists the file, and the caller compares
// its bytes. A size that differs is an error, because every file has its full length from
// the beginning.
//
// What another program writes while a write of ours is under way is not seen, because after
// it the file has the time of our write in any case.
type modification struct {
	mu       sync.Mutex
	writes   int // of ours, under way
	known    bool
	time     time.Time // after our last write, if known
	modified bool      // it differed since Modified was called
}

// beginWrite is called before a write to f. With an error the caller does not write.
func (s *Store) beginWrite(f *file, open File) error {
	m := &f.modification
	m.mu.Lock()
	defer m.mu.Unlock()
	if s.parallel {
		m.known = false // writes are seldom one at a time, and a Stat may take as long as one
	} else if m.writes == 0 {
		if err := f.compare(sizeAndTime(open)); err != nil {
			return err
		}
	}
	m.writes++
	return nil
}

// endWrite is called after a write to f, also one that failed.
func (s *Store) endWrite(f *file, open File) {
	m := &f.modification
	m.mu.Lock()
	defer m.mu.Unlock()
	m.writes--
	if s.parallel || m.writes > 0 {
		return
	}
	_, now, err := sizeAndTime(open)
	m.time, m.known = markTime(open, now), err == nil
}

// examine compares f with what is known of it, unless a write of ours is under way. stat is
// called when that is certain.
func (f *file) examine(stat func() (size int64, modTime time.Time, err error)) error {
	f.modification.mu.Lock()
	defer f.modification.mu.Unlock()
	if f.modification.writes > 0 {
		return nil
	}
	return f.compare(stat())
}

// compare compares f with what it is now, and remembers that. The caller holds the lock,
// and no write of ours is under way.
func (f *file) compare(size int64, modTime time.Time, err error) error {
	m := &f.modification
	if err != nil {
		return err
	}
	if m.known && !modTime.Equal(m.time) {
		m.modified = true
	}
	m.known, m.time = true, modTime
	if !f.fits(size) && f.state.Load() == present {
		return f.sizeError(size)
	}
	return nil
}

// A timeMarker is a File that can tell our last write from one that follows at once.
type timeMarker interface {
	MarkTime(modTime time.Time) time.Time
}

// markTime is called after a change of ours to f, which has modTime since. It returns the
// modification time that f has now.
func markTime(f File, modTime time.Time) time.Time {
	if m, ok := f.(timeMarker); ok {
		return m.MarkTime(modTime)
	}
	return modTime
}

// A sizer is a File that describes itself without an allocation.
type sizer interface {
	SizeAndTime() (size int64, modTime time.Time, err error)
}

// sizeAndTime returns the size and the modification time of an open file.
func sizeAndTime(f File) (size int64, modTime time.Time, err error) {
	if s, ok := f.(sizer); ok {
		return s.SizeAndTime()
	}
	info, err := f.Stat()
	if err != nil {
		return 0, time.Time{}, err
	}
	return info.Size(), info.ModTime(), nil
}

// setModTime notes that f was made or resized by us, or that it is seen for the first time.
func (f *file) setModTime(modTime time.Time) {
	f.modification.mu.Lock()
	defer f.modification.mu.Unlock()
	f.modification.known, f.modification.time = true, modTime
}

// Modified returns the paths of files whose modification time another program changed
// since the last call, as far as writes, Sync and Complete noticed; nil for none. The part
// file may be one of them; InPart says which files have bytes in it. The time
// can also change for other reasons, so compare the bytes before you call it damage. The
// slice is the caller's. It may be called concurrently.
func (s *Store) Modified() (paths []string) {
	for _, sp := range s.spans {
		if sp.file.takeModified() {
			paths = append(paths, sp.file.Path)
		}
	}
	if f := s.part.file.Load(); f != nil && f.takeModified() {
		paths = append(paths, f.Path)
	}
	return paths
}

// takeModified reports whether another program changed the time of f since the last call.
func (f *file) takeModified() bool {
	m := &f.modification
	m.mu.Lock()
	defer m.mu.Unlock()
	modified := m.modified
	m.modified = false
	return modified
}

// ModTime returns the modification time of a file, or of the part file, after the store's last write to it, or
// when it was seen last. A change by another program after that is a later time. It is the
// zero time for a file that Modified would list. It reports false if the time is not known.
// It may be called concurrently, and after Close.
func (s *Store) ModTime(path string) (time.Time, bool) {
	f := s.byPath[path]
	if part := s.part.file.Load(); f == nil && part != nil && part.Path == path {
		f = part
	}
	if f == nil {
		return time.Time{}, false
	}
	f.modification.mu.Lock()
	defer f.modification.mu.Unlock()
	if f.modification.modified {
		return time.Time{}, true
	}
	return f.modification.time, f.modification.known && f.modification.writes == 0
}
