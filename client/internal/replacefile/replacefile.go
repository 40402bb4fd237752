// Package replacefile replaces a file as a whole.
//
// In come a path and its new content. A reader, also one after a crash of the program,
// finds the old content or the new. Nothing is synced.
package replacefile

import (
	"errors"
	"os"
	"path/filepath"
)

// Write writes content to path. If it fails, what was at path stays. It may be called
// concurrently; the last call wins.
func Write(path string, content []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".new*")
	if err != nil {
		return err
	}
	_, err = f.Write(content)
	err = errors.Join(err, f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		os.Remove(f.Name())
	}
	return err
}
