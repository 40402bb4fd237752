package diskstore

import (
	"cmp"
	"errors"
	"io/fs"
	"path"
	"slices"
	"strings"
)

// Remove closes the store and deletes what is ours: files and symlinks of the
// torrent, then those of the folders they lie in that are ours and empty. The
// folder given to Open stays. Files that are gone already are no error, nor are
// folders in which something else is left. It goes on after an error and returns
// the first.
func (s *Store) Remove() error {
	if err := s.Close(); err != nil {
		return err
	}
	s.making.Lock()
	defer s.making.Unlock()
	folder, err := s.openFolder(false)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return wrapError("remove", ".", -1, err)
	}
	defer s.releaseFolder()
	var first error
	for _, f := range s.files {
		if f.onDisk() && s.owned[f.Path] {
			if err := s.remove(folder, f.Path, f.isKind); first == nil {
				first = err
			}
		}
	}
	for _, dir := range s.ownedFolders() {
		err := s.remove(folder, dir, fs.FileInfo.IsDir)
		if errors.Is(err, fs.ErrExist) {
			continue // not empty
		}
		if first == nil {
			first = err
		}
	}
	return first
}

// ownedFolders returns the folders of the torrent's files that are ours, inner
// ones first.
func (s *Store) ownedFolders() []string {
	dirs := make(map[string]bool)
	for _, f := range s.files {
		if !f.onDisk() {
			continue
		}
		for d := path.Dir(f.Path); d != "." && !dirs[d]; d = path.Dir(d) {
			dirs[d] = s.owned[d+"/"]
		}
	}
	var names []string
	for d, ours := range dirs {
		if ours {
			names = append(names, d)
		}
	}
	slices.SortFunc(names, func(a, b string) int {
		return cmp.Or(strings.Count(b, "/")-strings.Count(a, "/"), cmp.Compare(a, b))
	})
	return names
}

// remove deletes what is at name, if isKind says that it is what we made.
func (s *Store) remove(folder Folder, name string, isKind func(fs.FileInfo) bool) error {
	info, err := folder.Lstat(name)
	if err == nil {
		if !isKind(info) {
			return wrapError("remove", name, -1, ErrForeign)
		}
		err = folder.Remove(name)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return wrapError("remove", name, -1, err)
	}
	delete(s.owned, name)
	delete(s.owned, name+"/")
	return nil
}
