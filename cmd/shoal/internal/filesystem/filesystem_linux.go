package filesystem

import (
	"os"
	"syscall"
)

// Free returns the number of bytes that may still be written below dir; ok is
// false if that is not known.
func Free(dir string) (bytes int64, ok bool) {
	var st syscall.Statfs_t
	if err := syscall.Statfs(dir, &st); err != nil {
		return 0, false
	}
	return int64(st.Bavail) * int64(st.Bsize), true
}

// LongestName returns how many bytes the name of a file in dir may have; ok is false if
// that is not known.
func LongestName(dir string) (bytes int, ok bool) {
	var st syscall.Statfs_t
	if err := syscall.Statfs(dir, &st); err != nil || st.Namelen <= 0 {
		return 0, false
	}
	return int(st.Namelen), true
}

// CheckWritable returns why nothing can be made in a folder that exists, as far as that is
// known.
func CheckWritable(dir string) error {
	const writable = 2 // W_OK
	if err := syscall.Access(dir, writable); err != nil {
		return &os.PathError{Op: "access", Path: dir, Err: err}
	}
	return nil
}

// allocated returns how many bytes of room a file takes.
func allocated(st os.FileInfo) (bytes int64, ok bool) {
	s, ok := st.Sys().(*syscall.Stat_t)
	if !ok {
		return 0, false
	}
	return s.Blocks * 512, true
}
