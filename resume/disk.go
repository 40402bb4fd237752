package resume

import (
	"cmp"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// A disk makes the system calls that save and load a record. It is an interface so
// that tests can fail any call and simulate a power cut after it.
type disk interface {
	// create makes a file that must not exist.
	create(path string) (writer, error)
	open(path string) (io.ReadCloser, error)
	rename(from, to string) error
	remove(path string) error
	// syncFolder returns once the names in a folder are stable.
	syncFolder(path string) error
}

type writer interface {
	io.WriteCloser
	// Sync returns once what was written is stable.
	Sync() error
}

// osDisk is the disk of the operating system.
type osDisk struct{}

func (osDisk) create(path string) (writer, error) {
	return os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
}

func (osDisk) open(path string) (io.ReadCloser, error) { return os.Open(path) }
func (osDisk) rename(from, to string) error            { return os.Rename(from, to) }
func (osDisk) remove(path string) error                { return os.Remove(path) }
func (osDisk) syncFolder(path string) error            { return syncFolder(path) }

// replace writes content to the file at path. After a crash at any point, the file
// has either its old content or the new one, complete.
func replace(d disk, path string, content []byte) error {
	temporary := path + ".new"
	if err := d.remove(temporary); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	f, err := d.create(temporary)
	if err != nil {
		return err
	}
	_, err = f.Write(content)
	if err == nil {
		err = f.Sync() // before the rename, or a crash may leave an empty file
	}
	err = cmp.Or(err, f.Close())
	if err == nil {
		err = d.rename(temporary, path)
	}
	if err != nil {
		_ = d.remove(temporary) // the first error is returned
		return err
	}
	return d.syncFolder(filepath.Dir(path))
}
