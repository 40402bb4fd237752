package resume

import (
	"errors"
	"io"
	"os"
	"syscall"
)

// setOpenFileLock is F_OFD_SETLK of fcntl(2). Such a lock belongs to the open file
// and not to the process. So it also works between two clients in one process, and
// closing another descriptor of the file does not release it. The number is the same
// on every architecture.
const setOpenFileLock = 37

// lockByte locks one byte of a file for writing. Locking it again through the same
// open file does nothing.
func lockByte(f *os.File, at int64) error {
	err := setLock(f, at, syscall.F_WRLCK)
	if errors.Is(err, syscall.EAGAIN) || errors.Is(err, syscall.EACCES) {
		return ErrLocked
	}
	return nil // the file system has no locks, or the system has too many already
}

func unlockByte(f *os.File, at int64) { _ = setLock(f, at, syscall.F_UNLCK) }

func setLock(f *os.File, at int64, kind int16) error {
	// Pid must be zero for a lock of this kind.
	lock := syscall.Flock_t{Type: kind, Whence: io.SeekStart, Start: at, Len: 1}
	raw, err := f.SyscallConn()
	if err != nil {
		return err
	}
	var failed error
	err = raw.Control(func(fd uintptr) {
		for {
			if failed = syscall.FcntlFlock(fd, setOpenFileLock, &lock); failed != syscall.EINTR {
				return
			}
		}
	})
	return errors.Join(err, failed)
}
