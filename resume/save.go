package resume

import (
	"errors"
	"fmt"
	"io"
)

// MaxRecord is the size in bytes of the largest record that is saved or loaded.
const MaxRecord = 128 << 20

// Save puts the record into the file at path, in place of the one before. It
// writes a temporary file beside it (path with .new), syncs that, renames it,
// and syncs the folder. When it has returned nil, the record outlasts a power
// cut; with an error, or if the program or the machine stops meanwhile, the
// record before or this one is there, whole. Records that Load would not take
// are refused. Calls for one path must not overlap.
func Save(path string, r Record) error { return save(osDisk{}, path, r) }

func save(d disk, path string, r Record) error {
	if err := r.validate(); err != nil {
		return fmt.Errorf("resume: saving %s: %w", path, err)
	}
	b := encode(r)
	if len(b) > MaxRecord {
		return fmt.Errorf("resume: saving %s: %d bytes are more than a record may have", path, len(b))
	}
	if err := replace(d, path, b); err != nil {
		return fmt.Errorf("resume: saving the record: %w", err)
	}
	return nil
}

// Load reads the record in the file at path. If there is none the error matches
// fs.ErrNotExist. A *DamageError or *VersionError says that it cannot be used,
// so that what the torrent holds must be checked; saving replaces it. Other
// errors are the file system's.
func Load(path string) (Record, error) { return load(osDisk{}, path) }

func load(d disk, path string) (Record, error) {
	f, err := d.open(path)
	if err != nil {
		return Record{}, fmt.Errorf("resume: loading the record: %w", err)
	}
	b, err := io.ReadAll(io.LimitReader(f, MaxRecord+1))
	if closing := f.Close(); err == nil {
		err = closing
	}
	if err != nil {
		return Record{}, fmt.Errorf("resume: loading the record: %w", err)
	}
	if len(b) > MaxRecord {
		return Record{}, &DamageError{Path: path, Err: errors.New("it is too long")}
	}
	r, err := decode(b)
	if v := errVersion(0); errors.As(err, &v) {
		return Record{}, &VersionError{Path: path, Version: int64(v)}
	}
	if err != nil {
		return Record{}, &DamageError{Path: path, Err: err}
	}
	return r, nil
}
