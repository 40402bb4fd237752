package diskstore

import (
	"errors"
	"io/fs"
	"slices"
	"time"
)

// A FileStat says what is on disk of one of the torrent's files.
type FileStat struct {
	Path    string    // as in swarm.File
	Exists  bool      // something of the right kind is there; never so for a pad
	Ours    bool      // we made it, or Options.Owned says so
	Size    int64     // on disk, in bytes; zero for a symlink
	ModTime time.Time // of the last write; zero if nothing is there
}

// Stat looks at the torrent's files and describes each, in the order given to
// Open. It may be called after Close, when no time changes any more by our
// doing.
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
		if errors.Is(err, fs.ErrNotExist) {
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

// releaseFolder ends one use of the folder, and leaves none open behind Close.
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

// Owned returns what is ours, sorted, for Options.Owned of the next store: what
// was in Options.Owned for this one, and what was made since. A folder has a
// slash behind its name.
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
