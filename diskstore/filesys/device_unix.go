//go:build unix

package filesys

import (
	"io/fs"
	"syscall"
)

// device returns the number of the file system on which a file is. It reports false if that is
// not known.
func device(info fs.FileInfo) (uint64, bool) {
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return 0, false
	}
	return uint64(st.Dev), true
}
