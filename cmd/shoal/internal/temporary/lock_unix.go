//go:build linux || darwin || dragonfly || freebsd || netbsd || openbsd

package temporary

import (
	"io/fs"
	"os"
	"syscall"
)

// canLock says that a lock ends with the process that has it.
const canLock = true

// lock locks a file until it is closed. It fails if another process has the lock.
func lock(f *os.File) error {
	return syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
}

// isPrivate reports whether a folder belongs to this user, and nobody else may enter it.
func isPrivate(info fs.FileInfo) bool {
	st, ok := info.Sys().(*syscall.Stat_t)
	return ok && int(st.Uid) == os.Geteuid() && info.Mode().Perm()&0o077 == 0
}
