package resume

import (
	"cmp"
	"errors"
	"fmt"
	"io"
)

// MaxRecord is the size of the largest record that can be saved or loaded, in bytes.
const MaxRecord = 128 << 20

// Save replaces the record in the file at path. It writes a temporary file beside it
// (path with .new), syncs that file, renames it and syncs the folder. If Save returns
// nil, the record survives a power cut. If it returns an error, or if the program or
// the machine stops before it returns, the file holds either the old record or the
// new one, complete. Save refuses records that Load would not accept. It keeps no
// slice. Calls for one path must not overlap.
func Save(path string, r Record) error { return save(osDisk{}, path, r) }

func save(d disk, path string, r Record) error {
	if err := r.validate(); err != nil {
		return fmt.Errorf("resume: saving %s: %w", path, err)
	}
	b := encode(r)
	if len(b) > MaxRecord {
		return fmt.Errorf("resume: saving %s: the record has %d bytes, but at most %d are allowed", path, len(b), MaxRecord)
	}
	if err := replace(d, path, b); err != nil {
		return fmt.Errorf("resume: saving the record: %w", err)
	}
	return nil
}

// Load reads the record in the file at path. If there is none, the error matches
// fs.ErrNotExist. A *DamageError or *VersionError says that the record cannot be used,
// so all pieces must be checked; the next Save replaces it. Other errors come from the
// file system. Load may be called concurrently.
func Load(path string) (Record, error) { return load(osDisk{}, path) }

func load(d disk, path string) (Record, error) {
	f, err := d.open(path)
	if err != nil {
		return Record{}, fmt.Errorf("resume: loading the record: %w", err)
	}
	b, err := io.ReadAll(io.LimitReader(f, MaxRecord+1))
	err = cmp.Or(err, f.Close())
	if err != nil {
		return Record{}, fmt.Errorf("resume: loading the record: %w", err)
	}
	if len(b) > MaxRecord {
		return Record{}, &DamageError{Path: path, Err: fmt.Errorf("it has more than %d bytes", MaxRecord)}
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
