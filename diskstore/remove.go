package diskstore

import (
	"cmp"
	"errors"
	"io/fs"
	"slices"
	"strings"

	"github.com/shoal-bt/shoal/diskstore/internal/places"
)

// Remove closes the store and deletes what is ours: the files and symlinks of the
// torrent, the part file, then their folders that are ours and empty. The folder given to Open
// stays. A missing file is not an error, and neither is a folder that still contains
// something else. After an error Remove continues; it returns the first one.
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
		if !f.onDisk() {
			continue
		}
		for _, name := range s.names.All(f.Path) {
			if s.owned[name] {
				first = cmp.Or(first, s.remove(folder, name, f.isKind))
			}
		}
	}
	first = cmp.Or(first, s.removePart(folder))
	for _, dir := range s.ownedFolders() {
		err := s.remove(folder, dir, fs.FileInfo.IsDir)
		if errors.Is(err, fs.ErrExist) {
			continue // not empty
		}
		first = cmp.Or(first, err)
	}
	return first
}

// ownedFolders returns those folders of the torrent's files that are ours, inner
// folders first.
func (s *Store) ownedFolders() []string {
	dirs := make(map[string]bool)
	for _, f := range s.files {
		if !f.onDisk() {
			continue
		}
		for _, name := range s.names.All(f.Path) {
			for d := places.DirOf(name); !places.IsTop(d) && !dirs[d]; d = places.DirOf(d) {
				dirs[d] = s.owned[d+"/"]
			}
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

// remove deletes the entry name if isKind says that it is of the kind that we made.
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
