//go:build !unix

package filesys

import "io/fs"

// device reports false, because this system has no such number.
func device(fs.FileInfo) (uint64, bool) { return 0, false }
