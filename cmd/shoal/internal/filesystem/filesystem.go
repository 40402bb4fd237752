// Package filesystem says what a file system can hold, before something is written to it.
package filesystem

import (
	"os"
	"path/filepath"
)

// Existing returns path, or the nearest folder above it that exists.
func Existing(path string) string {
	for {
		_, err := os.Lstat(path)
		parent := filepath.Dir(path)
		if err == nil || parent == path {
			return path
		}
		path = parent
	}
}

// maxExtents bounds the work for one file, so that a file of many small pieces does not
// delay the start.
const maxExtents = 1 << 14

// Whences of a seek to the next byte that takes place, and to the next that does not.
const (
	seekData = 3
	seekHole = 4
)

// Missing returns how many bytes of a file still need room, if it is to have length
// bytes. That is all of them if there is no such file.
func Missing(path string, length int64) int64 {
	st, err := os.Lstat(path)
	if err != nil || !st.Mode().IsRegular() {
		return length
	}
	if allocated, ok := allocated(st); ok && allocated >= length {
		return 0
	}
	f, err := os.Open(path)
	if err != nil {
		return length - min(st.Size(), length)
	}
	defer f.Close()
	var held, at int64
	for range maxExtents {
		data, err := f.Seek(at, seekData)
		if err != nil {
			break // there is none behind at, or the system does not say
		}
		hole, err := f.Seek(data, seekHole)
		if err != nil {
			break
		}
		held, at = held+hole-data, hole
	}
	return max(length-held, 0)
}
