package resume

import (
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/shoal-bt/shoal/swarm"
)

// A Folder keeps the records of many torrents. Each torrent has a subfolder, named
// after the ID of its first swarm in hexadecimal, in which a program may also keep
// other files. Calls for one torrent must not overlap.
type Folder struct {
	path string
}

const recordName = "resume"

// OpenFolder makes the folder at path if it does not exist.
func OpenFolder(path string) (*Folder, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("resume: %w", err)
	}
	if err := makeFolder(path); err != nil {
		return nil, fmt.Errorf("resume: %w", err)
	}
	return &Folder{path: path}, nil
}

// makeFolder makes a folder and its missing parents, so that they survive a power
// cut.
func makeFolder(path string) error {
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		return nil
	}
	parent := filepath.Dir(path)
	if parent != path {
		if err := makeFolder(parent); err != nil {
			return err
		}
	}
	if err := os.Mkdir(path, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return syncFolder(parent)
}

// Path returns the subfolder of one torrent. Save makes it.
func (f *Folder) Path(id swarm.ID) string { return filepath.Join(f.path, id.String()) }

// Save saves a record under the ID of its first swarm, as the function [Save] does.
func (f *Folder) Save(r Record) error {
	if len(r.Swarms) == 0 {
		return errors.New("resume: the record names no swarm")
	}
	dir := f.Path(r.Swarms[0])
	if err := makeFolder(dir); err != nil {
		return fmt.Errorf("resume: saving the record: %w", err)
	}
	return Save(filepath.Join(dir, recordName), r)
}

// Load loads the record that was saved under an ID, as the function [Load] does. A
// record of another torrent is a *DamageError.
func (f *Folder) Load(id swarm.ID) (Record, error) {
	path := filepath.Join(f.Path(id), recordName)
	r, err := Load(path)
	if err != nil {
		return Record{}, err
	}
	if r.Swarms[0] != id {
		return Record{}, &DamageError{Path: path, Err: fmt.Errorf("it belongs to swarm %v", r.Swarms[0])}
	}
	return r, nil
}

// Remove deletes the subfolder of one torrent and everything in it. A missing
// subfolder is not an error.
func (f *Folder) Remove(id swarm.ID) error {
	dir := f.Path(id)
	// The record goes first, so that a half-deleted subfolder has none.
	err := os.Remove(filepath.Join(dir, recordName))
	if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	if err == nil {
		err = os.RemoveAll(dir)
	}
	if err == nil {
		err = syncFolder(f.path)
	}
	if err != nil {
		return fmt.Errorf("resume: removing %v: %w", id, err)
	}
	return nil
}

// IDs returns the torrents that have a subfolder, sorted. The slice is the caller's.
func (f *Folder) IDs() ([]swarm.ID, error) {
	entries, err := os.ReadDir(f.path)
	if err != nil {
		return nil, fmt.Errorf("resume: %w", err)
	}
	var ids []swarm.ID
	for _, e := range entries {
		b, err := hex.DecodeString(e.Name())
		if err != nil || len(b) != len(swarm.ID{}) || !e.IsDir() {
			continue
		}
		if id := swarm.ID(b); id.String() == e.Name() {
			ids = append(ids, id)
		}
	}
	return ids, nil
}
