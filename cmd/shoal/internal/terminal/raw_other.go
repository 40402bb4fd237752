//go:build !(linux || darwin || dragonfly || freebsd || netbsd || openbsd)

package terminal

import (
	"os"
	"time"
)

// Raw is not built for this system: the error is ErrNoKeys.
func Raw(*os.File) (restore func(), err error) { return nil, ErrNoKeys }

// ReadKeys is not built for this system: the error is ErrNoKeys.
func ReadKeys(*os.File, []byte, time.Duration) (int, error) { return 0, ErrNoKeys }
