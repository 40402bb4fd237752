package resume

import "fmt"

// A DamageError says that a record is not as it was saved. All pieces must then be
// checked: continue with Check of a zero Record.
type DamageError struct {
	Path string // of the file
	Err  error  // the damage
}

// Error returns the path and the damage in one line.
func (e *DamageError) Error() string {
	return fmt.Sprintf("resume: %s: the record is damaged: %v", e.Path, e.Err)
}

// Unwrap returns the damage.
func (e *DamageError) Unwrap() error { return e.Err }

// A VersionError says that a newer program saved a record. The record is intact, but
// this program cannot read it, so all pieces must be checked.
type VersionError struct {
	Path    string // of the file
	Version int64  // of the record
}

// Error returns the path and both versions in one line.
func (e *VersionError) Error() string {
	return fmt.Sprintf("resume: %s: the record has version %d and this program reads version %d; update the program or check the torrent again", e.Path, e.Version, version)
}
