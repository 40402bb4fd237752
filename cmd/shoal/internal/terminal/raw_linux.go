package terminal

import "golang.org/x/sys/unix"

// The requests that read and change the settings of a terminal.
const (
	readSettings   = unix.TCGETS
	changeSettings = unix.TCSETS
)
