package diskstore

import (
	"errors"
	"io/fs"
)

// forgetChanged takes err into account, which says that f could not be opened or is
// another file by now. If f is gone or was cut, whoever did that may have done
// it to more. So the store looks at all files again, and forgets what it knew of
// those that forgetChanged: err is the one error that is due for that, and later
// writes make them whole.
//
// The caller uses no handle and does not hold making.
func (s *Store) forgetChanged(f *file, err error) {
	var size *SizeError
	if !errors.Is(err, fs.ErrNotExist) && !errors.As(err, &size) {
		return
	}
	s.forget(f)
	s.making.Lock()
	clear(s.known)
	s.making.Unlock()
	s.handles.drop(&s.folder)
	folder, err := s.openFolder(false)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return // each file will tell for itself
	}
	var gone []*file
	for _, f := range s.files {
		if !f.onDisk() || f.state.Load() != present {
			continue
		}
		if folder != nil {
			info, err := folder.Lstat(f.Path)
			if err == nil && f.isKind(info) && (f.Symlink != "" || info.Size() == f.Length) {
				continue
			}
			if err != nil && !errors.Is(err, fs.ErrNotExist) {
				continue
			}
		}
		gone = append(gone, f)
	}
	if folder != nil {
		s.handles.release(&s.folder)
	}
	for _, f := range gone {
		s.forget(f)
	}
}

// forget notes that f is not known to exist, and closes what is open of it.
func (s *Store) forget(f *file) {
	f.state.Store(absent)
	f.dirty.Store(false)
	if f.empty() {
		s.emptyMade.Store(false)
	}
	s.handles.drop(&f.reading, &f.writing)
}
