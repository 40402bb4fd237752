package diskstore

import (
	"cmp"
	"errors"
	"io/fs"
	"time"
)

// Complete finishes a torrent of which every wanted byte is stored. It makes the empty files and
// the symlinks that are missing, gives files that are too long their size, and syncs. It
// moves wanted files to their paths, as FinishFile does. Then it examines every wanted file.
// A file that is missing or has another size is an error, also if
// it was written long ago: the error is an *Error or a *SizeError. Call Modified after it.
// It may be called concurrently with other methods.
func (s *Store) Complete() error {
	err := s.Create() // fails if the store is closed
	if errors.Is(err, fs.ErrClosed) {
		return err
	}
	if err == nil {
		err = s.resizeAll()
	}
	return cmp.Or(err, s.Sync(), s.finishAll(), s.examineAll())
}

// resizeAll gives the files that exist in another size theirs.
func (s *Store) resizeAll() error {
	s.making.Lock()
	defer s.making.Unlock()
	var wrong []*file
	for _, sp := range s.spans {
		if sp.file.state.Load() == wrongSize && !sp.file.unwanted.Load() {
			wrong = append(wrong, sp.file)
		}
	}
	if len(wrong) == 0 {
		return nil
	}
	haveFolder := s.handles.reserve(&s.folder) // the other slot is for one file after the other
	defer s.handles.freeSlots(1)
	folder, err := s.openFolderReserved(haveFolder, false)
	if err != nil {
		return wrapError("create", ".", -1, err)
	}
	defer s.releaseFolder()
	for _, f := range wrong {
		if err := s.resize(folder, f); err != nil {
			return wrapError("create", f.Path, -1, err)
		}
	}
	return nil
}

// examineAll returns an error unless every wanted file exists in its size.
func (s *Store) examineAll() error {
	f, err := s.firstWrong()
	if f != nil {
		s.forgetChanged(f, err)
		err = wrapError("stat", f.Path, -1, err)
	}
	return err
}

// firstWrong returns the first wanted file that does not exist in its size, and the reason. The
// file is nil if the folder cannot be opened.
func (s *Store) firstWrong() (*file, error) {
	folder, err := s.openFolder(false)
	if err != nil {
		return nil, wrapError("stat", ".", -1, err)
	}
	defer s.releaseFolder()
	for _, f := range s.files {
		if !f.onDisk() || f.unwanted.Load() || (f.Symlink != "" && !s.symlinks) {
			continue
		}
		if err := s.examineIn(folder, f); err != nil {
			return f, err
		}
	}
	return nil, nil
}

// examineIn returns an error unless f exists in its size.
func (s *Store) examineIn(folder Folder, f *file) error {
	if f.Symlink != "" {
		info, err := folder.Lstat(f.Path)
		if err == nil && !f.isKind(info) {
			err = fs.ErrExist
		}
		return err
	}
	return f.examine(func() (int64, time.Time, error) {
		info, err := folder.Lstat(f.Path)
		if err != nil {
			return 0, time.Time{}, err
		}
		if !info.Mode().IsRegular() {
			return 0, time.Time{}, errNotRegular
		}
		if info.Size() != f.Length { // no file grows any more
			return 0, time.Time{}, &SizeError{Path: f.Path, Want: f.Length, Have: info.Size()}
		}
		return info.Size(), info.ModTime(), nil
	})
}
