package resume

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
)

// ErrLocked says that somebody else holds a lock, in this process or another.
var ErrLocked = errors.New("another client has it")

// Locks keep two clients, in one process or in several, off one torrent's record
// and files. They are ranges of one file, so that many locks take one descriptor,
// and the system drops them when the process ends, however that happens. They are
// advice: only those who ask are kept off.
//
// On systems other than Linux, and on file systems without locks, every Take
// succeeds and nobody is kept off. Methods may be called from many goroutines at
// once.
type Locks struct {
	path string

	mu     sync.Mutex
	file   *os.File // nil before the first Take
	closed bool
}

// NewLocks returns the locks of the file at path, which the first Take makes, with
// the folder around it. The file stays, empty.
func NewLocks(path string) *Locks { return &Locks{path: path} }

// Take locks a name until Release or Close, without waiting. The error matches
// ErrLocked if the name is locked through other Locks of the same file; through
// these, taking it again is no error and no second lock.
func (l *Locks) Take(name string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return fmt.Errorf("resume: locking: %w", os.ErrClosed)
	}
	if l.file == nil {
		if err := makeFolder(filepath.Dir(l.path)); err != nil {
			return fmt.Errorf("resume: locking: %w", err)
		}
		f, err := os.OpenFile(l.path, os.O_RDWR|os.O_CREATE, 0o600)
		if err != nil {
			return fmt.Errorf("resume: locking: %w", err)
		}
		l.file = f
	}
	if err := lockByte(l.file, place(name)); err != nil {
		return fmt.Errorf("resume: %w", err)
	}
	return nil
}

// Release ends the lock of a name, if these Locks hold it.
func (l *Locks) Release(name string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.file != nil {
		unlockByte(l.file, place(name))
	}
}

// Close ends all locks.
func (l *Locks) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closed = true
	if l.file == nil {
		return nil
	}
	err := l.file.Close()
	l.file = nil
	return err
}

// place is the byte of the file that stands for a name. There is no need for the
// file to be that long.
func place(name string) int64 {
	sum := sha256.Sum256([]byte(name))
	return int64(binary.BigEndian.Uint64(sum[:]) >> 2)
}
