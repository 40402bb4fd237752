//go:build darwin || dragonfly || freebsd || netbsd || openbsd

package terminal

import "golang.org/x/sys/unix"

// The requests that read and change the settings of a terminal.
const (
	readSettings   = unix.TIOCGETA
	changeSettings = unix.TIOCSETA
)
