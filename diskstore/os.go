package diskstore

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"syscall"
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
		if err = makeStable(dir); err == nil {
			root, err = os.OpenRoot(dir)
		}
	}
	if err != nil {
		return nil, err
	}
	return osFolder{root, o.Portable}, nil
}

// makeStable makes dir and the folders above that are missing, and syncs each
// folder that got an entry: a file is not stable while its folder may be lost.
func makeStable(dir string) error {
	var parents []string
	for d := dir; ; d = filepath.Dir(d) {
		if _, err := os.Lstat(d); err == nil || d == filepath.Dir(d) {
			break
		}
		parents = append(parents, filepath.Dir(d))
	}
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return err
	}
	for _, d := range parents {
		f, err := os.Open(d)
		if errors.Is(err, fs.ErrPermission) {
			continue // a folder that may be passed through and not be read
		}
		if err != nil {
			return err
		}
		err = syncFolder(f)
		f.Close()
		if err != nil {
			return err
		}
	}
	return nil
}

// syncFolder syncs f, a folder. It does nothing on Windows, where a folder
// cannot be synced, and asks nothing of file systems that know no such thing.
func syncFolder(f *os.File) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	err := f.Sync()
	if errors.Is(err, errors.ErrUnsupported) || errors.Is(err, fs.ErrInvalid) || errors.Is(err, syscall.EINVAL) {
		return nil
	}
	return err
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

func (d osFolder) SyncFolder(name string) error {
	f, err := d.Root.Open(filepath.FromSlash(name))
	if err != nil {
		return err
	}
	defer f.Close()
	return syncFolder(f)
}
