//go:build !linux

package resume

import "os"

// lockByte locks nothing. The locks of other systems either belong to the process, so
// they would not work between clients in one process, or are untested.
func lockByte(*os.File, int64) error { return nil }

func unlockByte(*os.File, int64) {}
