package diskstore

import (
	"cmp"
	"errors"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"

	"github.com/shoal-bt/shoal/diskstore/internal/places"
)

// Create makes the folder, the empty files and the symlinks. The first write does
// so too, so Create is needed only for a torrent without any bytes, or to restore
// what was deleted. It also moves the bytes of wanted files out of the part file, which an
// earlier run may have left there. It leaves alone what already exists. It may be called
// concurrently with other methods. The error is an *Error or a *SizeError.
func (s *Store) Create() error {
	if s.closed.Load() {
		return wrapError("use", ".", -1, fs.ErrClosed)
	}
	s.emptyMade.Store(false)
	return cmp.Or(s.create(nil), s.restoreWanted())
}

// create makes the missing files of spans, and all empty files and symlinks.
func (s *Store) create(spans []span) error {
	s.making.Lock()
	defer s.making.Unlock()
	haveFolder := s.handles.reserve(&s.folder) // the other slot is for one file after the other
	defer s.handles.freeSlots(1)
	folder, err := s.openFolderReserved(haveFolder, true)
	if err != nil {
		return wrapError("create", ".", -1, err)
	}
	err = s.createIn(folder, spans)
	s.handles.release(&s.folder)
	if errors.Is(err, fs.ErrNotExist) {
		// The folder, or a folder in it, was deleted.
		clear(s.known)
		s.handles.drop(&s.folder)
	}
	return err
}

func (s *Store) createIn(folder Folder, spans []span) error {
	var files, resize []*file
	examine := func(f *file) error {
		missing, err := s.missing(folder, f)
		switch {
		case err != nil:
			return wrapError("create", f.Path, -1, err)
		case missing:
			files = append(files, f)
		case f.state.Load() == wrongSize:
			resize = append(resize, f)
		}
		return nil
	}
	if !s.emptyMade.Load() {
		for _, f := range s.files {
			if s.madeAlways(f) {
				if err := examine(f); err != nil {
					return err
				}
			}
		}
	}
	for _, sp := range spans {
		leave := sp.file.unwanted.Load() && sp.file.state.Load() == absent // its bytes go to the part file
		if !leave && sp.file.state.Load() != present {
			if err := examine(sp.file); err != nil {
				return err
			}
		}
	}
	if err := s.createAll(folder, files); err != nil {
		return err
	}
	for _, f := range resize {
		if err := s.resize(folder, f); err != nil {
			return wrapError("create", f.Path, -1, err)
		}
	}
	s.emptyMade.Store(true)
	return nil
}

// missing reports whether nothing exists at the path of f. It returns an error if
// something else than f exists there.
func (s *Store) missing(folder Folder, f *file) (bool, error) {
	info, err := s.lookFor(folder, f)
	if errors.Is(err, fs.ErrNotExist) {
		return true, s.checkMover(folder, f)
	}
	if err != nil {
		return false, err
	}
	return false, s.checkExisting(f, info)
}

// createAll makes files and their missing folders, after Options.Own has listed
// them as ours.
func (s *Store) createAll(folder Folder, files []*file) error {
	if len(files) == 0 {
		return nil
	}
	at := make([]string, len(files))
	for i, f := range files {
		at[i] = s.names.At(f.Path)
	}
	dirs, err := s.missingFolders(folder, at)
	if err != nil {
		return err
	}
	names := make([]string, 0, len(dirs)+len(files))
	for _, d := range dirs {
		names = append(names, d+"/")
	}
	for _, f := range files {
		at := s.names.At(f.Path)
		if at != f.Path {
			names = append(names, at)
		}
		names = append(names, f.Path) // also if it gets that name later
	}
	if err := s.own(names); err != nil {
		return wrapError("create", files[0].Path, -1, err)
	}
	for _, d := range dirs {
		if err := folder.Mkdir(d, 0o777); err != nil {
			return wrapError("create", d, -1, err)
		}
		s.owned[d+"/"] = true
		s.known[d] = true
		s.unsynced[places.DirOf(d)] = true
	}
	for _, f := range files {
		if err := s.createFile(folder, f); err != nil {
			return wrapError("create", f.Path, -1, err)
		}
		at := s.names.At(f.Path)
		s.owned[at] = true
		f.ours.Store(true)
		f.state.Store(present)
		s.unsynced[places.DirOf(at)] = true
	}
	return nil
}

// missingFolders returns the folders to make for files with these names, outer ones first.
func (s *Store) missingFolders(folder Folder, names []string) ([]string, error) {
	var dirs []string
	listed := make(map[string]bool)
	for _, name := range names {
		first := len(dirs)
		for d := places.DirOf(name); !places.IsTop(d) && !s.known[d] && !listed[d]; d = places.DirOf(d) {
			_, err := folder.Lstat(d)
			if err == nil {
				s.known[d] = true
				break
			}
			if !errors.Is(err, fs.ErrNotExist) {
				return nil, wrapError("create", d, -1, err)
			}
			listed[d] = true
			dirs = append(dirs, d)
		}
		slices.Reverse(dirs[first:])
	}
	return dirs, nil
}

// createFile makes f, which must not exist, at its full length. If that fails, it
// deletes the incomplete file.
func (s *Store) createFile(folder Folder, f *file) error {
	if f.Symlink != "" {
		target, err := filepath.Rel(filepath.FromSlash(path.Dir(f.Path)), filepath.FromSlash(f.Symlink))
		if err != nil {
			return err
		}
		return folder.Symlink(filepath.ToSlash(target), f.Path)
	}
	perm := fs.FileMode(0o666)
	if f.Executable {
		perm = 0o777
	}
	opened, err := folder.OpenFile(f.Path, os.O_RDWR|os.O_CREATE|os.O_EXCL, perm)
	if err != nil {
		return err
	}
	if f.Length > 0 {
		f.sawSize(0)
		err = s.extend(f, opened)
		if err == nil {
			err = noteModTime(f, opened)
		}
		if err == nil && s.handles.keepOpen(&f.writing, opened) {
			return nil
		}
	}
	err = cmp.Or(err, opened.Close())
	if err != nil {
		// Return the first error. If the file stays, it is listed as
		// ours and will be resized.
		_ = folder.Remove(f.Path)
	}
	return err
}

// noteModTime notes the modification time of f, which we just changed.
func noteModTime(f *file, opened File) error {
	_, modTime, err := sizeAndTime(opened)
	if err == nil {
		f.setModTime(markTime(opened, modTime))
	}
	return err
}

// resize gives f, which exists and is writable, its length.
func (s *Store) resize(folder Folder, f *file) error {
	opened, err := folder.OpenFile(f.Path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	info, err := opened.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = errNotRegular
	}
	switch {
	case err != nil:
	case info.Size() < f.Length:
		err = s.extend(f, opened)
	default:
		err = opened.Truncate(f.Length)
	}
	if err == nil {
		err = noteModTime(f, opened)
	}
	err = cmp.Or(err, opened.Close())
	if err != nil {
		return err
	}
	f.sawSize(info.Size())
	f.state.Store(present)
	f.dirty.Store(true)
	return nil
}
