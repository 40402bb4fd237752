//go:build !linux

package filesystem

import "os"

// Free reports that free space is not known here.
func Free(string) (bytes int64, ok bool) { return 0, false }

// LongestName reports that the longest name is not known here.
func LongestName(string) (bytes int, ok bool) { return 0, false }

// CheckWritable finds no fault, because nothing is known here.
func CheckWritable(string) error { return nil }

// allocated reports that the room a file takes is not known here.
func allocated(os.FileInfo) (bytes int64, ok bool) { return 0, false }
