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

// ErrLocked says that other Locks hold a lock, in this process or in another.
var ErrLocked = errors.New("another client holds the lock; stop it first")

// Locks prevent two clients, in one process or in several, from using the same
// torrent's record and files. Each lock is one byte of one of 16 files, so that many
// locks need few descriptors. The system releases them when the process ends, even
// by a crash. They are advisory: they stop only clients that call Take.
//
// On systems other than Linux, and on file systems without locks, every Take
// succeeds. Methods may be called concurrently.
type Locks struct {
	dir string

	mu     sync.Mutex
	files  [lockFiles]*os.File // nil before the first Take that needs it
	closed bool
}

// lockFiles is the number of files. The system scans all locks of a file for each
// new one, so ten thousand locks in one file would take seconds.
const lockFiles = 16

// NewLocks returns the locks of the folder dir. The first Take makes the folder. Up to
// 16 empty files stay in it.
func NewLocks(dir string) *Locks { return &Locks{dir: dir} }

// Take locks a name until Release or Close. It does not wait: the error matches
// ErrLocked if other Locks of the same folder hold the name. If these Locks hold it
// already, Take does nothing.
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

// Release releases the lock of a name if these Locks hold it.
func (l *Locks) Release(name string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	n, at := lockPosition(name)
	if l.files[n] != nil {
		unlockByte(l.files[n], at)
	}
}

// Close releases all locks. Later calls of Take fail.
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

// lockPosition returns the file and the offset of the byte that is locked for a name.
// The file need not be that long.
func lockPosition(name string) (file int, at int64) {
	sum := sha256.Sum256([]byte(name))
	return int(sum[31] % lockFiles), int64(binary.BigEndian.Uint64(sum[:]) >> 2)
}
