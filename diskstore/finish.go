package diskstore

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"syscall"

	"github.com/shoal-bt/shoal/diskstore/internal/places"
)

// FinishFile says that every byte of a file is stored. It syncs the file and moves it from
// where Options.Suffix and Options.IncompleteDir put it to its path. It never replaces anything: if
// something is at the path, the error matches ErrForeign and the file stays where it is.
// When it returns nil, the move survives a power cut. It does nothing for a file that is at
// its path, or for one that is not wanted and has bytes in the part file. index is that in the files given to Open. It may be called concurrently with
// other methods.
func (s *Store) FinishFile(index int) error {
	if index < 0 || index >= len(s.files) {
		return fmt.Errorf("diskstore: there is no file %d among %d", index, len(s.files))
	}
	if s.closed.Load() {
		return wrapError("use", ".", -1, fs.ErrClosed)
	}
	f := s.files[index]
	if f.inPart.Load() && !f.unwanted.Load() {
		if err := s.restore([]*file{f}); err != nil {
			return err
		}
	}
	if f.inPart.Load() {
		return nil // it is not wanted, and not whole
	}
	return s.finish([]*file{f})
}

// finish moves files to their paths. After an error it continues; it returns the first one.
func (s *Store) finish(files []*file) error {
	if !s.names.Active() {
		return nil
	}
	s.syncing.Lock()
	s.handles.drop(&s.folder) // as in Sync
	moving, err := s.syncMoving(files)
	s.syncing.Unlock()
	if len(moving) == 0 {
		return err
	}
	gone, moveErr := s.moveAll(moving)
	err = cmp.Or(err, moveErr, s.syncFolders())
	if len(gone) > 0 && s.disown != nil {
		s.disown(gone)
	}
	return err
}

// syncMoving syncs those of files that are not at their paths, and returns those of which
// that is done. The caller holds syncing.
func (s *Store) syncMoving(files []*file) (moving []*file, first error) {
	var dirty []*file
	for _, f := range files {
		switch {
		case len(s.names.All(f.Path)) == 1:
			continue
		case f.failed != nil:
			first = cmp.Or(first, f.failed)
			continue
		case f.dirty.Swap(false):
			dirty = append(dirty, f)
		}
		moving = append(moving, f)
	}
	if err := s.syncFiles(dirty); err != nil {
		return nil, cmp.Or(first, err)
	}
	return moving, first
}

// moveAll moves files to their paths, after Options.Own has listed these. It returns names
// that are not ours any more.
func (s *Store) moveAll(files []*file) (gone []string, err error) {
	s.making.Lock()
	defer s.making.Unlock()
	haveFolder := s.handles.reserve(&s.folder)
	defer s.handles.freeSlots(1)
	folder, err := s.openFolderReserved(haveFolder, false)
	if err != nil {
		return nil, wrapError("finish", files[0].Path, -1, err)
	}
	defer s.releaseFolder()
	if err := s.prepareMoves(folder, files); err != nil {
		return nil, err
	}
	var first error
	for _, f := range files {
		names, err := s.moveFile(folder, f)
		gone = append(gone, names...)
		if err != nil {
			first = cmp.Or(first, wrapError("finish", f.Path, -1, err))
		}
	}
	return gone, first
}

// prepareMoves has the paths of files listed as ours, and makes their folders. These are
// stable before a file is moved into them, because the file could be lost with its folder.
func (s *Store) prepareMoves(folder Folder, files []*file) error {
	var paths []string
	for _, f := range files {
		if s.names.At(f.Path) != f.Path {
			paths = append(paths, f.Path)
		}
	}
	dirs, err := s.missingFolders(folder, paths)
	if err != nil {
		return err
	}
	names := make([]string, 0, len(dirs)+len(paths))
	for _, d := range dirs {
		names = append(names, d+"/")
	}
	for _, p := range paths {
		if s.byPath[p].ours.Load() {
			names = append(names, p)
		}
	}
	if len(names) > 0 {
		if err := s.own(names); err != nil {
			return wrapError("finish", paths[0], -1, err)
		}
	}
	for _, d := range dirs {
		err := folder.Mkdir(d, 0o777)
		if err == nil {
			s.owned[d+"/"], s.known[d], s.unsynced[d] = true, true, true
			err = folder.SyncFolder(places.DirOf(d))
		}
		if err != nil {
			return wrapError("finish", d, -1, err)
		}
	}
	return nil
}

// moveFile moves one file to its path and returns names that are not ours any more.
func (s *Store) moveFile(folder Folder, f *file) (gone []string, err error) {
	at := s.names.At(f.Path)
	if at == f.Path {
		return s.removeSecondNames(folder, f)
	}
	info, err := folder.Lstat(at)
	switch {
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular():
		return nil, errNotRegular
	case info.Size() != f.Length:
		return nil, &SizeError{Path: f.Path, Want: f.Length, Have: info.Size()}
	}
	final, err := folder.Lstat(places.Literal(f.Path))
	switch {
	case err == nil && os.SameFile(final, info):
		err = folder.Remove(at)
		if err == nil {
			s.names.Moved(f.Path)
		}
	case err == nil:
		err = fs.ErrExist
	case errors.Is(err, fs.ErrNotExist):
		err = folder.(retryFolder).move(f.Path)
	}
	switch {
	case errors.Is(err, fs.ErrExist):
		return []string{f.Path}, foreignAt(f.Path)
	case errors.Is(err, syscall.EXDEV):
		dir, _, _ := places.Split(at)
		return nil, s.crossDevice(dir)
	case err != nil:
		return nil, err
	}
	if f.ours.Load() {
		s.owned[f.Path] = true
	}
	delete(s.owned, at)
	s.unsynced[places.DirOf(f.Path)], s.unsynced[places.DirOf(at)] = true, true
	return append([]string{at}, s.removeEmptyFolders(folder, at)...), nil
}

// foreignAt says that something that is not ours has a name.
func foreignAt(name string) error { return fmt.Errorf("%s: %w", places.Shown(name), ErrForeign) }

// crossDevice is the error for a folder of incomplete files that is on another file system.
func (s *Store) crossDevice(dir string) error {
	return &CrossDeviceError{Dir: s.names.Dir, IncompleteDir: cmp.Or(dir, s.names.Dir)}
}

// removeSecondNames deletes the names of f at other places if a store stopped while it
// moved the file, so that it has both.
func (s *Store) removeSecondNames(folder Folder, f *file) (gone []string, err error) {
	final, err := folder.Lstat(f.Path)
	if err != nil {
		return nil, nil // examineAll says so
	}
	for _, name := range s.names.All(f.Path)[1:] {
		if !s.owned[name] {
			continue
		}
		info, err := folder.Lstat(name)
		if err == nil && os.SameFile(info, final) {
			err = folder.Remove(name)
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return gone, err
		}
		delete(s.owned, name)
		s.unsynced[places.DirOf(name)] = true
		gone = append(gone, name)
		gone = append(gone, s.removeEmptyFolders(folder, name)...)
	}
	return gone, nil
}

// removeEmptyFolders deletes the folders of incomplete files that a file leaves empty, if they
// are ours. Folders of the torrent stay.
func (s *Store) removeEmptyFolders(folder Folder, name string) (gone []string) {
	for d := places.DirOf(name); places.IsOther(d) && !places.IsTop(d) && s.owned[d+"/"]; d = places.DirOf(d) {
		if folder.Remove(d) != nil {
			return gone
		}
		delete(s.owned, d+"/")
		delete(s.known, d)
		delete(s.unsynced, d)
		s.unsynced[places.DirOf(d)] = true
		gone = append(gone, d+"/")
	}
	return gone
}

// finishAll moves the wanted files that exist to their paths.
func (s *Store) finishAll() error {
	var files []*file
	for _, sp := range s.spans {
		f := sp.file
		if f.state.Load() == present && !f.unwanted.Load() && !f.inPart.Load() {
			files = append(files, f)
		}
	}
	return s.finish(files)
}

// lookFor describes f, after it has found out where it is. The caller is Open, or holds making.
func (s *Store) lookFor(folder Folder, f *file) (fs.FileInfo, error) {
	if f.state.Load() == absent {
		err := s.names.Locate(f.Path, s.owned, folder.Lstat)
		if err != nil {
			return nil, err
		}
		at := s.names.At(f.Path)
		f.ours.Store(s.owned[at])
		if f.ours.Load() && at != f.Path {
			delete(s.owned, f.Path) // what is there is not ours
		}
	}
	return folder.Lstat(f.Path)
}

// checkMovable returns why no file could be moved from the folder of incomplete files, as
// far as that can be known before it exists. It does not matter if no file will be there.
func (s *Store) checkMovable() error {
	waiting := slices.ContainsFunc(s.files, func(f *file) bool { return !f.unwanted.Load() && s.names.Waiting(f.Path) })
	if s.names.Other == "" || !waiting {
		return nil
	}
	from, err := s.openExisting(s.names.Other)
	if err != nil {
		return err
	}
	defer from.Close()
	mover, ok := from.(Mover)
	if !ok {
		return nil
	}
	to, err := s.openExisting(s.names.Dir)
	if err != nil {
		return err
	}
	defer to.Close()
	err = mover.CanMove(to)
	if errors.Is(err, syscall.EXDEV) {
		return s.crossDevice(s.names.Other)
	}
	if err != nil {
		return wrapError("open", ".", -1, err)
	}
	return nil
}

// openExisting opens dir, or the nearest folder above it that exists.
func (s *Store) openExisting(dir string) (Folder, error) {
	for {
		folder, err := retryDescriptors(s.handles, 0, func() (Folder, error) { return s.fs.OpenFolder(dir, false) })
		above := filepath.Dir(dir)
		if err == nil {
			return folder, nil
		}
		if !errors.Is(err, fs.ErrNotExist) || above == dir {
			return nil, wrapError("open", ".", -1, fmt.Errorf("%s: %w", dir, err))
		}
		dir = above
	}
}

// checkMover returns an error if f would be made at another place and could not be moved.
func (s *Store) checkMover(folder Folder, f *file) error {
	at := s.names.At(f.Path)
	if at == f.Path {
		return nil
	}
	err := folder.(retryFolder).canMove(f.Path)
	if errors.Is(err, syscall.EXDEV) {
		dir, _, _ := places.Split(at)
		return s.crossDevice(dir)
	}
	return err
}
