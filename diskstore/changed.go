package diskstore

import (
	"errors"
	"io/fs"
)

// forgetChanged handles err, which says that f could not be opened or was replaced.
// If f was deleted or truncated, other files may have been too. So the store checks
// all files again and marks those that changed as absent. The caller returns err
// once; later writes make the files again at their full length.
//
// The caller uses no handle and does not hold making.
func (s *Store) forgetChanged(f *file, err error) {
	var size *SizeError
	if !errors.Is(err, fs.ErrNotExist) && !errors.As(err, &size) && !errors.Is(err, errPartCut) {
		return
	}
	if f.partEnd != nil {
		s.part.changed.Store(true)
		s.handles.drop(&f.reading, &f.writing)
	} else {
		s.forget(f)
	}
	s.making.Lock()
	clear(s.known)
	s.making.Unlock()
	s.handles.drop(&s.folder)
	folder, err := s.openFolder(false)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return // each file will return its own error
	}
	var gone []*file
	for _, f := range s.files {
		if !f.onDisk() || f.state.Load() != present {
			continue
		}
		if folder != nil {
			info, err := folder.Lstat(f.Path)
			if err == nil && f.isKind(info) && (f.Symlink != "" || f.fits(info.Size())) {
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

// forget marks f as absent and closes its handles.
func (s *Store) forget(f *file) {
	f.state.Store(absent)
	f.dirty.Store(false)
	if f.empty() {
		s.emptyMade.Store(false)
	}
	s.handles.drop(&f.reading, &f.writing)
}
