package diskstore

import (
	"errors"
	"io/fs"
	"slices"
	"time"
)

// A FileStat describes one of the torrent's files on disk.
type FileStat struct {
	Path    string    // as in swarm.File
	Exists  bool      // a file or symlink, as the torrent says, exists; false for a pad
	Ours    bool      // we made it, or Options.Owned says so
	Size    int64     // on disk, in bytes; zero for a symlink
	ModTime time.Time // of the last write; zero if it does not exist
}

// Stat describes each of the torrent's files, in the order given to Open. The slice
// is the caller's. Stat may be called concurrently, and also after Close, when the
// store no longer changes any file.
func (s *Store) Stat() ([]FileStat, error) {
	stats := make([]FileStat, len(s.files))
	for i, f := range s.files {
		stats[i] = FileStat{Path: f.Path, Ours: f.ours.Load()}
	}
	folder, err := s.openFolder(false)
	if errors.Is(err, fs.ErrNotExist) {
		return stats, nil
	}
	if err != nil {
		return nil, wrapError("stat", ".", -1, err)
	}
	defer s.releaseFolder()
	for i, f := range s.files {
		if f.Pad {
			continue
		}
		info, err := folder.Lstat(f.Path)
		leftAlone := f.unwanted.Load() && f.state.Load() == absent
		if errors.Is(err, fs.ErrNotExist) || (err != nil && leftAlone) {
			continue
		}
		if err != nil {
			return nil, wrapError("stat", f.Path, -1, err)
		}
		if !f.isKind(info) {
			continue
		}
		stats[i].Exists, stats[i].ModTime = true, info.ModTime()
		if f.Symlink == "" {
			stats[i].Size = info.Size()
		}
	}
	return stats, nil
}

// releaseFolder ends one use of the folder. After Close it also closes the folder.
func (s *Store) releaseFolder() {
	s.handles.release(&s.folder)
	if s.closed.Load() {
		s.handles.drop(&s.folder)
	}
}

// isKind reports whether info describes what f should be: a file or a symlink.
func (f *file) isKind(info fs.FileInfo) bool {
	if f.Symlink != "" {
		return info.Mode()&fs.ModeSymlink != 0
	}
	return info.Mode().IsRegular()
}

// Owned returns the paths that are ours, sorted, for Options.Owned of the next
// store: those in Options.Owned of this one and those made since. A folder's path
// has a trailing slash. The slice is the caller's. It may be called concurrently.
func (s *Store) Owned() []string {
	s.making.Lock()
	defer s.making.Unlock()
	owned := make([]string, 0, len(s.owned))
	for name := range s.owned {
		owned = append(owned, name)
	}
	slices.Sort(owned)
	return owned
}
