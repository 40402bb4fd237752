package diskstore

import (
	"errors"
	"io/fs"
	"maps"
)

// Sync returns once every byte written before the call is stable. It syncs the
// files written to since the last Sync, and the folders in which files were
// made. It goes on after an error and returns the first.
//
// A file that was deleted, moved or cut since it was opened is an error. After
// the system failed to sync a file, what the file holds is in doubt, and asking
// again would not tell; so every later Sync fails too, until the store is opened
// anew.
func (s *Store) Sync() error {
	if s.closed.Load() {
		return wrapError("use", ".", -1, fs.ErrClosed)
	}
	s.syncing.Lock()
	defer s.syncing.Unlock()
	// An open folder stays the same one if it is moved. What counts is what
	// is at its path, so it is opened anew.
	s.handles.drop(&s.folder)
	var first error
	for _, sp := range s.spans {
		f := sp.file
		err := f.failed
		if err == nil && f.dirty.Swap(false) {
			if err = s.syncFile(f); err != nil {
				err = wrapError("sync", f.Path, -1, err)
			}
		}
		if first == nil {
			first = err
		}
	}
	if err := s.syncFolders(); first == nil {
		first = err
	}
	return first
}

// syncFile syncs f, which also was open under another handle when it was
// written to, and checks that it is still the file at its path.
func (s *Store) syncFile(f *file) error {
	x := s.handles.acquire(&f.writing)
	if x == nil {
		var err error
		if x, err = s.openFile(f, true); err != nil {
			f.dirty.Store(true)
			s.forgetChanged(f, err)
			return err
		}
	}
	err := x.file.Sync()
	if err != nil {
		f.failed = wrapError("sync", f.Path, -1, err)
		s.handles.release(x)
		return f.failed
	}
	info, err := x.file.Stat()
	s.handles.release(x)
	if err != nil {
		return err
	}
	return s.checkUnmoved(f, info)
}

// checkUnmoved reports whether the file that info describes is at the path of f,
// in its size.
func (s *Store) checkUnmoved(f *file, info fs.FileInfo) error {
	now, err := s.lstat(f)
	switch {
	case err != nil:
	case !sameFile(now, info):
		err = fs.ErrNotExist
	case now.Size() != f.Length:
		err = &SizeError{Path: f.Path, Want: f.Length, Have: now.Size()}
	}
	if err != nil {
		s.forgetChanged(f, err)
	}
	return err
}

func (s *Store) lstat(f *file) (fs.FileInfo, error) {
	folder, err := s.openFolder(false)
	if err != nil {
		return nil, err
	}
	defer s.handles.release(&s.folder)
	return folder.Lstat(f.Path)
}

// syncFolders syncs the folders that got new entries since the last time.
func (s *Store) syncFolders() error {
	s.making.Lock()
	names := maps.Clone(s.unsynced)
	clear(s.unsynced)
	s.making.Unlock()
	if len(names) == 0 {
		return nil
	}
	err := s.syncFoldersIn(names)
	if err != nil {
		s.making.Lock()
		maps.Copy(s.unsynced, names)
		s.making.Unlock()
	}
	return err
}

// syncFoldersIn syncs the folders of names. It must not take making, since who
// holds that may wait for handles.
func (s *Store) syncFoldersIn(names map[string]bool) error {
	// If a folder is gone, so are the files in it, which is said of them.
	folder, err := s.openFolder(false)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return wrapError("sync", ".", -1, err)
	}
	defer s.handles.release(&s.folder)
	for name := range names {
		if err := folder.SyncFolder(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return wrapError("sync", name, -1, err)
		}
	}
	return nil
}
