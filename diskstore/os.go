package diskstore

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
)

// OS is the FS of the operating system. Folders are opened as an os.Root: no
// name can lead out of them, by whatever links. Links to folders that stay
// within are followed.
type OS struct {
	// Portable leaves out the calls that are particular to one system, such
	// as pwritev and fallocate.
	Portable bool
}

// OpenFolder opens dir, which may itself be reached through links.
func (o OS) OpenFolder(dir string, create bool) (Folder, error) {
	root, err := os.OpenRoot(dir)
	if create && errors.Is(err, fs.ErrNotExist) {
		if err = os.MkdirAll(dir, 0o777); err == nil {
			root, err = os.OpenRoot(dir)
		}
	}
	if err != nil {
		return nil, err
	}
	return osFolder{root, o.Portable}, nil
}

type osFolder struct {
	*os.Root
	portable bool
}

func (d osFolder) OpenFile(name string, flag int, perm fs.FileMode) (File, error) {
	f, err := d.Root.OpenFile(filepath.FromSlash(name), flag, perm)
	if err != nil {
		return nil, err
	}
	if d.portable {
		return f, nil
	}
	return native(f), nil
}

func (d osFolder) Mkdir(name string, perm fs.FileMode) error {
	return d.Root.Mkdir(filepath.FromSlash(name), perm)
}

func (d osFolder) Lstat(name string) (fs.FileInfo, error) {
	return d.Root.Lstat(filepath.FromSlash(name))
}

func (d osFolder) Readlink(name string) (string, error) {
	target, err := d.Root.Readlink(filepath.FromSlash(name))
	return filepath.ToSlash(target), err
}

func (d osFolder) Symlink(target, name string) error {
	return d.Root.Symlink(filepath.FromSlash(target), filepath.FromSlash(name))
}

func (d osFolder) Remove(name string) error {
	return d.Root.Remove(filepath.FromSlash(name))
}

// SyncFolder does nothing on Windows, where a folder cannot be opened to be
// synced, and asks nothing of file systems that know no such thing.
func (d osFolder) SyncFolder(name string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	f, err := d.Root.Open(filepath.FromSlash(name))
	if err != nil {
		return err
	}
	defer f.Close()
	if err := f.Sync(); !errors.Is(err, errors.ErrUnsupported) && !errors.Is(err, fs.ErrInvalid) && !cannotSync(err) {
		return err
	}
	return nil
}
