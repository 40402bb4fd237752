//go:build !windows

package resume

import (
	"cmp"
	"os"
)

// syncFolder returns once the names in a folder are stable.
func syncFolder(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	err = f.Sync()
	return cmp.Or(err, f.Close())
}
