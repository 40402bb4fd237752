//go:build !(linux || darwin || dragonfly || freebsd || netbsd || openbsd)

package temporary

import (
	"errors"
	"io/fs"
	"os"
)

// canLock says that a lock ends with the process that has it.
const canLock = false

// lock fails, because there are no such locks here.
func lock(*os.File) error { return errors.ErrUnsupported }

// isPrivate reports false, because nothing is deleted without a lock.
func isPrivate(fs.FileInfo) bool { return false }
