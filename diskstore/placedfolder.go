package diskstore

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sync"
)

// A placedFolder is the folder of a torrent and those of its incomplete files as one. It
// takes paths of the torrent and names in Options.Owned. A path of a file leads to where
// the file is. The folders are opened when they are needed. They count as one in Handles.
type placedFolder struct {
	names *Names
	fs    FS

	mu   sync.Mutex // guards open; held while a folder is opened
	open map[string]Folder
}

// openFolders opens the folder of n. It is an error if it does not exist, unless
// incomplete files may be in another one.
func (n *Names) openFolders(f FS, create bool) (Folder, error) {
	if !n.active() {
		return f.OpenFolder(n.dir, create)
	}
	d := &placedFolder{names: n, fs: f, open: make(map[string]Folder)}
	_, err := d.folder(n.dir, create)
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
			dir, _, _ := splitName(name)
			if dir != "" {
				return true
			}
		}
	}
	return false
}

// folder returns the open folder dir.
func (d *placedFolder) folder(dir string, create bool) (Folder, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if folder := d.open[dir]; folder != nil {
		return folder, nil
	}
	folder, err := d.fs.OpenFolder(dir, create)
	if err != nil {
		if dir != d.names.dir {
			err = fmt.Errorf("the folder of incomplete files cannot be opened or made: %w", err)
		}
		return nil, err
	}
	d.open[dir] = folder
	return folder, nil
}

// call calls f with the folder and the name that a name stands for. No file moves meanwhile.
func (d *placedFolder) call(name string, create bool, f func(Folder, string) error) error {
	d.names.mu.RLock()
	defer d.names.mu.RUnlock()
	dir, inside := d.names.resolve(name)
	folder, err := d.folder(dir, create)
	if err != nil {
		return err
	}
	return f(folder, inside)
}

func (d *placedFolder) OpenFile(name string, flag int, perm fs.FileMode) (opened File, err error) {
	err = d.call(name, flag&os.O_CREATE != 0, func(folder Folder, inside string) error {
		opened, err = folder.OpenFile(inside, flag, perm)
		return err
	})
	return opened, err
}

func (d *placedFolder) Mkdir(name string, perm fs.FileMode) error {
	return d.call(name, true, func(folder Folder, inside string) error { return folder.Mkdir(inside, perm) })
}

func (d *placedFolder) Lstat(name string) (info fs.FileInfo, err error) {
	err = d.call(name, false, func(folder Folder, inside string) error {
		info, err = folder.Lstat(inside)
		return err
	})
	return info, err
}

func (d *placedFolder) Readlink(name string) (target string, err error) {
	err = d.call(name, false, func(folder Folder, inside string) error {
		target, err = folder.Readlink(inside)
		return err
	})
	return target, err
}

func (d *placedFolder) Symlink(target, name string) error {
	return d.call(name, true, func(folder Folder, inside string) error { return folder.Symlink(target, inside) })
}

func (d *placedFolder) Remove(name string) error {
	return d.call(name, false, func(folder Folder, inside string) error { return folder.Remove(inside) })
}

func (d *placedFolder) SyncFolder(name string) error {
	return d.call(name, false, func(folder Folder, inside string) error { return folder.SyncFolder(inside) })
}

func (d *placedFolder) Close() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	var errs []error
	for _, folder := range d.open {
		errs = append(errs, folder.Close())
	}
	clear(d.open)
	return errors.Join(errs...)
}

// move moves the file of path p, which is at another place, to its path. It replaces nothing.
func (d *placedFolder) move(p string) error {
	n := d.names
	n.mu.Lock()
	defer n.mu.Unlock()
	dir, inside := n.resolve(p)
	from, err := d.folder(dir, false)
	if err != nil {
		return err
	}
	to, err := d.folder(n.dir, true)
	if err != nil {
		return err
	}
	mover, ok := from.(Mover)
	if !ok {
		return errCannotMove
	}
	if err := mover.Move(inside, to, p); err != nil {
		return err
	}
	n.files[p].at = ""
	return nil
}

// forgetMove notes that a file is at its path.
func (n *Names) forgetMove(p string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.files[p].at = ""
}

// canMove reports whether the folders have a way to move a file.
func (d *placedFolder) canMove() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, folder := range d.open {
		if _, ok := folder.(Mover); !ok {
			return false
		}
	}
	return true
}
