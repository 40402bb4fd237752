package sample

import "syscall"

// FreeSpace returns the number of bytes that may still be written below dir; ok is
// false if that is not known.
func FreeSpace(dir string) (bytes int64, ok bool) {
	var st syscall.Statfs_t
	if err := syscall.Statfs(dir, &st); err != nil {
		return 0, false
	}
	return int64(st.Bavail) * int64(st.Bsize), true
}
