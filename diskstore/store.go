package diskstore

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/shoal-bt/shoal/diskstore/internal/places"
	"github.com/shoal-bt/shoal/swarm"
)

var (
	_ swarm.Storage      = (*Store)(nil)
	_ swarm.VectorReader = (*Store)(nil)
	_ swarm.VectorWriter = (*Store)(nil)
	_ swarm.WriteLaner   = (*Store)(nil)
	_ swarm.Syncer       = (*Store)(nil)
	_ swarm.Completer    = (*Store)(nil)
)

// A Store keeps a torrent in the files of one folder. Its methods may be called
// concurrently.
//
// Nothing is made before the first write, so a torrent that is only read needs no
// write permission. The first write makes the folder, the empty files and symlinks,
// and the files that it writes to. Other files are made by the first write to them. Bytes of
// a file that is not wanted and does not exist go to the part file.
// Each is made at its full length, so bytes that were not written read as zeros.
// Reading from a file that does not exist yet fails with an error that matches
// fs.ErrNotExist.
//
// If a file disappears, or another program changes its size, the first write or Sync that
// notices it fails. The next write makes the file again. The caller must check again which
// pieces the torrent holds before that. If only the modification time changed, Modified
// lists the file, and the caller compares the bytes. What another program writes in the same
// size while a write of the store to that file is under way is not noticed.
type Store struct {
	layout
	names     *places.Names
	fs        FS
	handles   *Handles
	folder    handle
	own       func([]string) error
	disown    func([]string)
	overwrite bool
	warn      func(error)
	warned    sync.Once
	symlinks  bool
	parallel  bool // no write has a lane
	closed    atomic.Bool

	allocation Allocation
	emptyMade  atomic.Bool // every empty file and symlink exists

	making   sync.Mutex      // held while anything is made or deleted
	owned    map[string]bool // paths that are ours, folders with a slash; guarded by making
	known    map[string]bool // folders that exist; guarded by making
	unsynced map[string]bool // folders with new entries, to be synced; guarded by making

	syncing sync.Mutex // held while Sync runs

	part *part
}

// Open returns a Store for files, in the torrent's order, in the folder dir. It
// checks which files exist and changes nothing. If a file exists in another size
// and may not be resized, the error is a *SizeError. Open does not check the contents
// of files. It keeps no slice.
//
// Bytes that no file covers are padding and read as zeros. Two files must not have
// the same path, and no path may lead through another file.
func Open(dir string, files []swarm.File, o Options) (*Store, error) {
	layout, err := newLayout(files)
	if err != nil {
		return nil, err
	}
	names, err := newPlaces(dir, files, o)
	if err != nil {
		return nil, err
	}
	part, err := newPart(layout, o)
	if err != nil {
		return nil, err
	}
	if o.Unwanted != nil && len(o.Unwanted) != len(files) {
		return nil, fmt.Errorf("diskstore: Unwanted has %d files, and the torrent has %d", len(o.Unwanted), len(files))
	}
	for i, unwanted := range o.Unwanted {
		layout.files[i].unwanted.Store(unwanted)
	}
	s := &Store{
		layout:    layout,
		names:     names,
		fs:        o.FS,
		handles:   o.Handles,
		own:       o.Own,
		disown:    o.Disown,
		overwrite: o.Overwrite,
		warn:      o.Warn,
		symlinks:  !o.NoSymlinks,
		parallel:  o.ParallelWrites,
		owned:     make(map[string]bool, len(o.Owned)),
		known:     make(map[string]bool),
		unsynced:  make(map[string]bool),
		part:      part,

		allocation: o.Allocate,
	}
	if s.fs == nil {
		s.fs = OS{Portable: o.Portable}
	}
	if s.handles == nil {
		s.handles = NewHandles(0)
	}
	if s.own == nil {
		s.own = func([]string) error { return nil }
	}
	for _, name := range o.Owned {
		s.owned[name] = true
	}
	err = cmp.Or(s.scan(o.ModTime), s.findPart())
	if err == nil {
		err = s.checkMovable()
	}
	if err != nil {
		s.Close()
		return nil, err
	}
	s.notePartTime(o.ModTime)
	return s, nil
}

// scan finds out what exists of the torrent. modTime is as in Options.
func (s *Store) scan(modTime func(string) (time.Time, bool)) error {
	emptyMade := true
	for _, f := range s.files {
		f.ours.Store(s.owned[f.Path])
		f.grows = s.allocation == AllocateNone && f.Length > 0
		emptyMade = emptyMade && !s.madeAlways(f)
	}
	s.emptyMade.Store(emptyMade)
	folder, err := s.openFolder(false)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return wrapError("open", ".", -1, err)
	}
	defer s.handles.release(&s.folder)
	emptyMade = true
	for _, f := range s.files {
		if !f.onDisk() || (f.Symlink != "" && !s.symlinks) {
			continue
		}
		info, err := s.lookFor(folder, f)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			emptyMade = emptyMade && !s.madeAlways(f)
		case f.unwanted.Load() && !f.ours.Load() && err != nil:
			// A file has the place of its folder, or a symlink leads out: it is left alone.
		case err != nil:
			return wrapError("open", f.Path, -1, err)
		default:
			if err := s.checkExisting(f, info); err != nil {
				if f.unwanted.Load() {
					continue // it is left alone
				}
				return err
			}
			f.setModTime(info.ModTime())
			f.dirty.Store(f.ours.Load() && f.Length > 0) // a run that crashed may not have synced it
			if modTime != nil && f.Symlink == "" {
				want, known := modTime(f.Path)
				f.modification.modified = known && !want.Equal(info.ModTime())
			}
			emptyMade = emptyMade && (!s.madeAlways(f) || f.state.Load() == present)
		}
	}
	s.emptyMade.Store(emptyMade)
	return nil
}

// checkExisting records that f exists as info describes it, or returns an error if
// that does not match the torrent. A file that was resized while the store was open
// is an error even if it is ours, because its contents are no longer known.
func (s *Store) checkExisting(f *file, info fs.FileInfo) error {
	switch {
	case f.Symlink != "":
		// The target does not matter, because we never follow it.
		if info.Mode()&fs.ModeSymlink == 0 {
			return wrapError("open", f.Path, -1, fs.ErrExist)
		}
	case !info.Mode().IsRegular():
		return wrapError("open", f.Path, -1, errNotRegular)
	case info.Size() != f.Length:
		known := f.state.Load() == present
		switch {
		case !s.writable(f), known && !f.fits(info.Size()):
			return f.sizeError(info.Size())
		case known:
			return nil
		case !f.grows || info.Size() > f.Length:
			f.state.Store(wrongSize)
			return nil
		}
	}
	if f.state.Swap(present) != present {
		f.sawSize(info.Size())
	}
	return nil
}

// madeAlways reports whether f is made with the first write to any file, because it has no
// bytes of its own.
func (s *Store) madeAlways(f *file) bool {
	return f.empty() && !f.unwanted.Load() && (s.symlinks || f.Symlink == "")
}

// writable reports whether f may be written to if it exists.
func (s *Store) writable(f *file) bool { return s.overwrite || f.ours.Load() }

// Length returns the length of the torrent in bytes, up to the end of its last file.
func (s *Store) Length() int64 { return s.length }

// Close closes the open files and folders. It does not sync. It may be called more
// than once; its error is always nil. A file in use is closed when its call ends.
func (s *Store) Close() error {
	s.closed.Store(true)
	for _, f := range s.files {
		s.handles.drop(&f.reading, &f.writing)
	}
	if f := s.part.file.Load(); f != nil {
		s.handles.drop(&f.reading, &f.writing)
	}
	s.handles.drop(&s.folder)
	return nil
}

// openFolder returns the open folder; the caller releases s.folder.
func (s *Store) openFolder(create bool) (Folder, error) {
	if open, _ := s.handles.beginOpen(&s.folder, nil); open {
		return s.folder.folder, nil
	}
	return s.finishFolder(create)
}

// openFolderReserved is openFolder for a caller that already uses the folder
// (haveFolder) or has reserved a slot for it. It uses up the slot.
func (s *Store) openFolderReserved(haveFolder, create bool) (Folder, error) {
	if haveFolder || s.handles.beginOpenReserved(&s.folder) {
		return s.folder.folder, nil
	}
	return s.finishFolder(create)
}

func (s *Store) finishFolder(create bool) (Folder, error) {
	folder, err := retryDescriptors(s.handles, 0, func() (Folder, error) { return s.names.OpenFolders(s.fs, create) })
	if err != nil {
		s.handles.finishOpen(&s.folder, nil, nil)
		return nil, err
	}
	folder = retryFolder{folder, s.handles}
	s.handles.finishOpen(&s.folder, nil, folder)
	return folder, nil
}

// openFile opens f for reading, or for reading and writing, and returns its handle,
// which the caller releases. It does not make the file.
func (s *Store) openFile(f *file, write bool) (*handle, error) {
	x, flag := &f.reading, os.O_RDONLY
	if write {
		x, flag = &f.writing, os.O_RDWR
	}
	open, haveFolder := s.handles.beginOpen(x, &s.folder)
	if open {
		return x, nil
	}
	opened, err := s.openChecked(f, flag, haveFolder)
	s.handles.finishOpen(x, opened, nil)
	if err == nil {
		return x, nil
	}
	if f.state.Load() == present && errors.Is(err, fs.ErrNotExist) {
		s.handles.drop(&s.folder) // the folder may have been replaced
	}
	return nil, err
}

// openChecked opens f and checks that it is the file that Lstat described and that
// it matches the torrent. So it follows no symlink, not even one that replaces the
// file in between.
func (s *Store) openChecked(f *file, flag int, haveFolder bool) (File, error) {
	folder, err := s.openFolderReserved(haveFolder, false)
	if err != nil {
		return nil, err
	}
	defer s.handles.release(&s.folder)
	before, err := folder.Lstat(f.Path)
	if err != nil {
		return nil, err
	}
	if !before.Mode().IsRegular() {
		return nil, errNotRegular
	}
	opened, err := folder.OpenFile(f.Path, flag, 0)
	if err != nil {
		return nil, err
	}
	info, err := opened.Stat()
	switch {
	case err != nil:
	case !sameFile(before, info):
		err = errNotRegular
	default:
		err = s.checkExisting(f, info)
		if err == nil {
			err = f.examine(func() (int64, time.Time, error) { return sizeAndTime(opened) })
		}
	}
	if err != nil {
		opened.Close()
		return nil, err
	}
	return opened, nil
}

// sameFile reports whether a and b describe the same file; true if the system cannot
// tell.
func sameFile(a, b fs.FileInfo) bool {
	return !os.SameFile(a, a) || os.SameFile(a, b)
}
