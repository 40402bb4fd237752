//go:build !linux

package terminal

import (
	"os"
	"runtime"
)

// WindowSize reports whether f is a terminal that cursor movements work on. Its
// size is not known here, so both numbers are 0.
func WindowSize(f *os.File) (columns, rows int, ok bool) {
	info, err := f.Stat()
	if err != nil || info.Mode()&os.ModeCharDevice == 0 {
		return 0, 0, false
	}
	// Older consoles of Windows print cursor movements as they are.
	return 0, 0, runtime.GOOS != "windows" || os.Getenv("WT_SESSION") != ""
}
