package resume

import "fmt"

// A DamageError says that a record is not as it was saved. What the torrent
// holds must then be checked: go on with Check of an empty Record.
type DamageError struct {
	Path string // of the file
	Err  error  // what is wrong with it
}

func (e *DamageError) Error() string {
	return fmt.Sprintf("resume: %s: the record is damaged: %v", e.Path, e.Err)
}

func (e *DamageError) Unwrap() error { return e.Err }

// A VersionError says that a record was saved by a newer program. It is
// intact, but what the torrent holds must be checked.
type VersionError struct {
	Path    string // of the file
	Version int64  // of the record
}

func (e *VersionError) Error() string {
	return fmt.Sprintf("resume: %s: the record has version %d, and this program knows %d", e.Path, e.Version, version)
}
