package diskstore

import (
	"cmp"
	"errors"
	"io/fs"
	"maps"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// Sync returns once every byte written before the call is stable. It syncs the files
// written to since the last Sync, the first time also those that a former store made, and
// the folders in which files were made. It syncs 8 files at once. After an error it
// continues; it returns the first one. It may be called concurrently.
//
// A file that was deleted, moved or truncated since it was opened is an error. If the
// system fails to sync a file, its contents are unknown, and a second try could
// succeed without having written them. So every later Sync of this store fails too.
func (s *Store) Sync() error {
	if s.closed.Load() {
		return wrapError("use", ".", -1, fs.ErrClosed)
	}
	s.syncing.Lock()
	defer s.syncing.Unlock()
	// An open folder stays open when it is moved, but the folder at the path
	// is the one that counts. So it is opened again.
	s.handles.drop(&s.folder)
	var dirty []*file
	var first error
	collect := func(f *file) {
		first = cmp.Or(first, f.failed)
		if f.failed == nil && f.dirty.Swap(false) {
			dirty = append(dirty, f)
		}
	}
	for _, sp := range s.spans {
		collect(sp.file)
	}
	if f := s.part.file.Load(); f != nil {
		collect(f)
	}
	if lost := s.part.lost.Load(); lost != nil {
		first = cmp.Or(first, *lost)
	}
	return cmp.Or(first, s.syncFiles(dirty), s.syncFolders())
}

// syncsAtOnce is the number of files that one call of Sync syncs side by side. The disk can
// then write many small files with one flush.
const syncsAtOnce = 8

// syncFiles syncs all files, and returns the error of the first one that failed.
func (s *Store) syncFiles(files []*file) error {
	errs := make([]error, len(files))
	var next atomic.Int64
	var wg sync.WaitGroup
	for range min(syncsAtOnce, len(files)) {
		wg.Go(func() {
			for i := next.Add(1) - 1; i < int64(len(files)); i = next.Add(1) - 1 {
				err := s.syncFile(files[i])
				if err != nil {
					errs[i] = wrapError("sync", files[i].Path, -1, err)
				}
			}
		})
	}
	wg.Wait()
	return cmp.Or(errs...)
}

// syncFile syncs f and checks that it is still the file at its path. The handle may
// be another one than that of the writes.
func (s *Store) syncFile(f *file) error {
	x := s.handles.acquire(&f.writing)
	if x == nil {
		var err error
		x, err = s.openFile(f, true)
		if errors.Is(err, fs.ErrPermission) || errors.Is(err, syscall.EROFS) {
			x, err = s.openFile(f, false) // somebody protected it since we wrote it
		}
		if err != nil {
			f.dirty.Store(true)
			s.forgetChanged(f, err)
			return err
		}
	}
	err := x.file.Sync()
	if x == &f.reading && errors.Is(err, syscall.EROFS) {
		err = nil // this store has not written to it
	}
	if err != nil {
		f.failed = wrapError("sync", f.Path, -1, err)
		s.handles.release(x)
		return f.failed
	}
	info, err := x.file.Stat()
	if err == nil {
		err = f.examine(func() (int64, time.Time, error) { return sizeAndTime(x.file) })
	}
	s.handles.release(x)
	if err != nil {
		s.forgetChanged(f, err)
		return err
	}
	return s.checkUnmoved(f, info)
}

// checkUnmoved returns an error unless the file that info describes is still at the
// path of f and has its size.
func (s *Store) checkUnmoved(f *file, info fs.FileInfo) error {
	now, err := s.lstat(f)
	switch {
	case err != nil:
	case !sameFile(now, info):
		err = fs.ErrNotExist
	case !f.fits(now.Size()):
		err = f.sizeError(now.Size())
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

// syncFolders syncs the folders that got new entries since the last call.
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

// syncFoldersIn syncs the folders of names. It must not lock making, because the
// holder of that lock may be waiting for handles.
func (s *Store) syncFoldersIn(names map[string]bool) error {
	// If a folder is missing, so are its files, and syncFile reports those.
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
