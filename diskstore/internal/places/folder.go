package places

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sync"

	"github.com/shoal-bt/shoal/diskstore/filesys"
)

// A Folder is the folder of a torrent and those of its incomplete files as one. It
// takes paths of the torrent and names in Options.Owned. A path of a file leads to where
// the file is. The folders are opened when they are needed. They count as one in Handles.
type Folder struct {
	names *Names
	fs    filesys.FS

	mu   sync.Mutex // guards open; held while a folder is opened
	open map[string]filesys.Folder
}

// OpenFolders opens the folder of n. It is an error if it does not exist, unless
// incomplete files may be in another one.
func (n *Names) OpenFolders(f filesys.FS, create bool) (filesys.Folder, error) {
	if !n.Active() {
		return f.OpenFolder(n.Dir, create)
	}
	d := &Folder{names: n, fs: f, open: make(map[string]filesys.Folder)}
	_, err := d.folder(n.Dir, create)
	if errors.Is(err, fs.ErrNotExist) && n.hasOtherFolder() {
		err = nil
	}
	if err != nil {
		return nil, err
	}
	return d, nil
}

// hasOtherFolder reports whether a file may be in another folder than the torrent's.
func (n *Names) hasOtherFolder() bool {
	for _, x := range n.files {
		for _, name := range x.names {
			dir, _, _ := Split(name)
			if dir != "" {
				return true
			}
		}
	}
	return false
}

// folder returns the open folder dir.
func (d *Folder) folder(dir string, create bool) (filesys.Folder, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if folder := d.open[dir]; folder != nil {
		return folder, nil
	}
	folder, err := d.fs.OpenFolder(dir, create)
	if err != nil {
		if dir != d.names.Dir {
			err = fmt.Errorf("the folder of incomplete files cannot be opened or made: %w", err)
		}
		return nil, err
	}
	d.open[dir] = folder
	return folder, nil
}

// call calls f with the folder and the name that a name stands for. No file moves meanwhile.
func (d *Folder) call(name string, create bool, f func(filesys.Folder, string) error) error {
	d.names.mu.RLock()
	defer d.names.mu.RUnlock()
	dir, inside := d.names.resolve(name)
	folder, err := d.folder(dir, create)
	if err != nil {
		return err
	}
	return f(folder, inside)
}

// OpenFile opens or makes a file, in the folder where it is.
func (d *Folder) OpenFile(name string, flag int, perm fs.FileMode) (opened filesys.File, err error) {
	err = d.call(name, flag&os.O_CREATE != 0, func(folder filesys.Folder, inside string) error {
		opened, err = folder.OpenFile(inside, flag, perm)
		return err
	})
	return opened, err
}

// Mkdir makes a folder.
func (d *Folder) Mkdir(name string, perm fs.FileMode) error {
	return d.call(name, true, func(folder filesys.Folder, inside string) error { return folder.Mkdir(inside, perm) })
}

// Lstat describes what is at a name.
func (d *Folder) Lstat(name string) (info fs.FileInfo, err error) {
	err = d.call(name, false, func(folder filesys.Folder, inside string) error {
		info, err = folder.Lstat(inside)
		return err
	})
	return info, err
}

// Readlink returns the target of a symlink.
func (d *Folder) Readlink(name string) (target string, err error) {
	err = d.call(name, false, func(folder filesys.Folder, inside string) error {
		target, err = folder.Readlink(inside)
		return err
	})
	return target, err
}

// Symlink makes a symlink in the torrent's folder.
func (d *Folder) Symlink(target, name string) error {
	return d.call(name, true, func(folder filesys.Folder, inside string) error { return folder.Symlink(target, inside) })
}

// Remove deletes what is at a name.
func (d *Folder) Remove(name string) error {
	return d.call(name, false, func(folder filesys.Folder, inside string) error { return folder.Remove(inside) })
}

// SyncFolder syncs a folder.
func (d *Folder) SyncFolder(name string) error {
	return d.call(name, false, func(folder filesys.Folder, inside string) error { return folder.SyncFolder(inside) })
}

// Close closes the folders that were opened.
func (d *Folder) Close() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	var errs []error
	for _, folder := range d.open {
		errs = append(errs, folder.Close())
	}
	clear(d.open)
	return errors.Join(errs...)
}

// Move moves the file of path p, which is at another place, to its path. It replaces nothing.
func (d *Folder) Move(p string) error {
	n := d.names
	n.mu.Lock()
	defer n.mu.Unlock()
	dir, inside := n.resolve(p)
	from, err := d.folder(dir, false)
	if err != nil {
		return err
	}
	to, err := d.folder(n.Dir, true)
	if err != nil {
		return err
	}
	mover, ok := from.(filesys.Mover)
	if !ok {
		return filesys.ErrCannotMove
	}
	if err := mover.Move(inside, to, p); err != nil {
		return err
	}
	n.files[p].at = ""
	return nil
}

// Moved notes that a file is at its path.
func (n *Names) Moved(p string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.files[p].at = ""
}

// CanMove returns why the file of path p could not be moved to its path, as far as that is
// known. It makes the folders if they are missing.
func (d *Folder) CanMove(p string) error {
	d.names.mu.RLock()
	defer d.names.mu.RUnlock()
	dir, _ := d.names.resolve(p)
	from, err := d.folder(dir, true)
	if err != nil {
		return err
	}
	to, err := d.folder(d.names.Dir, true)
	if err != nil {
		return err
	}
	mover, ok := from.(filesys.Mover)
	if !ok {
		return filesys.ErrCannotMove
	}
	return mover.CanMove(to)
}
