package resume

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"sync"
)

// ErrLocked says that somebody else holds a lock, in this process or another.
var ErrLocked = errors.New("another client has it")

// Locks keep two clients, in one process or in several, off one torrent's record
// and files. They are ranges of a few files, so that many locks take few descriptors,
// and the system drops them when the process ends, however that happens. They are
// advice: only those who ask are kept off.
//
// On systems other than Linux, and on file systems without locks, every Take
// succeeds and nobody is kept off. Methods may be called from many goroutines at
// once.
type Locks struct {
	dir string

	mu     sync.Mutex
	files  [lockFiles]*os.File // nil before the first Take that needs it
	closed bool
}

// lockFiles is the number of files. The system goes through all locks of a file to
// take another, so with one file ten thousand would take seconds.
const lockFiles = 16

// NewLocks returns the locks in a folder, which Take makes. Up to 16 empty files stay
// in it.
func NewLocks(dir string) *Locks { return &Locks{dir: dir} }

// Take locks a name until Release or Close, without waiting. The error matches
// ErrLocked if the name is locked through other Locks of the same file; through
// these, taking it again is no error and no second lock.
func (l *Locks) Take(name string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return fmt.Errorf("resume: locking: %w", os.ErrClosed)
	}
	n, at := lockPosition(name)
	if l.files[n] == nil {
		if err := makeFolder(l.dir); err != nil {
			return fmt.Errorf("resume: locking: %w", err)
		}
		f, err := os.OpenFile(filepath.Join(l.dir, strconv.Itoa(n)), os.O_RDWR|os.O_CREATE, 0o600)
		if err != nil {
			return fmt.Errorf("resume: locking: %w", err)
		}
		l.files[n] = f
	}
	if err := lockByte(l.files[n], at); err != nil {
		return fmt.Errorf("resume: %w", err)
	}
	return nil
}

// Release ends the lock of a name, if these Locks hold it.
func (l *Locks) Release(name string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if n, at := lockPosition(name); l.files[n] != nil {
		unlockByte(l.files[n], at)
	}
}

// Close ends all locks.
func (l *Locks) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closed = true
	var errs []error
	for n, f := range l.files {
		if f != nil {
			errs = append(errs, f.Close())
		}
		l.files[n] = nil
	}
	return errors.Join(errs...)
}

// lockPosition is the file, and the byte of it, that stand for a name. There is no need for
// the file to be that long.
func lockPosition(name string) (file int, at int64) {
	sum := sha256.Sum256([]byte(name))
	return int(sum[31] % lockFiles), int64(binary.BigEndian.Uint64(sum[:]) >> 2)
}
