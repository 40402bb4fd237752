package filesys

import (
	"errors"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"runtime"
	"syscall"
)

// OS is the FS of the operating system. It opens each folder as an os.Root, so no
// name and no symlink can lead out of it. It follows symlinks to folders that stay
// within.
type OS struct {
	// Portable avoids calls that only some systems have, such as pwritev and
	// fallocate.
	Portable bool
}

// OpenFolder opens dir and returns it as a Folder. Symlinks on the path to dir are
// followed. It may be called concurrently; errors are those of package os.
func (o OS) OpenFolder(dir string, create bool) (Folder, error) {
	root, err := os.OpenRoot(dir)
	if create && errors.Is(err, fs.ErrNotExist) {
		if err = makeFolders(dir); err == nil {
			root, err = os.OpenRoot(dir)
		}
	}
	if err != nil {
		return nil, err
	}
	return osFolder{root, o.Portable}, nil
}

// makeFolders makes dir and the missing folders above it, and syncs each folder that
// got an entry, because a file is not stable while its folder may be lost.
func makeFolders(dir string) error {
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
			continue // the folder allows passing through but not reading
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

// syncFolder syncs the folder f. It does nothing on Windows, which cannot sync
// folders, and ignores the error of a file system that cannot.
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

// Move moves a file without replacing another one. Where the system has no call for
// that, it makes a second name and deletes the first.
func (d osFolder) Move(oldName string, to Folder, newName string) error {
	if err := d.CanMove(to); err != nil {
		return err
	}
	t := to.(osFolder)
	if nativeMove && !d.portable {
		return moveNative(d.Root, filepath.FromSlash(oldName), t.Root, filepath.FromSlash(newName))
	}
	return moveByLink(d, oldName, newName)
}

// moveByLink moves a file within d by a second name.
func moveByLink(d osFolder, oldName, newName string) error {
	err := d.Link(filepath.FromSlash(oldName), filepath.FromSlash(newName))
	if errors.Is(err, fs.ErrPermission) || errors.Is(err, errors.ErrUnsupported) {
		return ErrCannotMove
	}
	if err == nil {
		err = d.SyncFolder(path.Dir(newName)) // before the first name goes
	}
	if err == nil {
		err = d.Remove(oldName)
	}
	return err
}

// CanMove compares the file systems of both folders.
func (d osFolder) CanMove(to Folder) error {
	t, ok := to.(osFolder)
	if !ok {
		return ErrCannotMove
	}
	if t.Root == d.Root {
		return nil
	}
	here, err := d.Stat(".")
	if err != nil {
		return err
	}
	there, err := t.Stat(".")
	if err != nil {
		return err
	}
	a, known := device(here)
	b, _ := device(there)
	switch {
	case known && a != b:
		return syscall.EXDEV
	case !nativeMove || d.portable:
		return ErrCannotMove // no call of this package makes a name in another os.Root
	}
	return nil
}

func (d osFolder) SyncFolder(name string) error {
	f, err := d.Root.Open(filepath.FromSlash(name))
	if err != nil {
		return err
	}
	defer f.Close()
	return syncFolder(f)
}
