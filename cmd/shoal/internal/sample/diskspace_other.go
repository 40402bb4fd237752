//go:build !linux

package sample

// FreeSpace says that free space is not known here.
func FreeSpace(string) (bytes int64, ok bool) { return 0, false }
