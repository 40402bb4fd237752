//go:build !linux

package diskstore

import (
	"errors"
	"os"
	"syscall"
)

// native has nothing to add to f on this system.
func native(f *os.File) File { return f }

// cannotSync reports whether err says that a folder is not for syncing.
func cannotSync(err error) bool { return errors.Is(err, syscall.EINVAL) }
