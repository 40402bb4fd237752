package diskstore

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/shoal-bt/shoal/diskstore/internal/partfile"
	"github.com/shoal-bt/shoal/diskstore/internal/places"
)

// A part is what a store knows of its part file. A chunk that is in the part file is read
// from there and written to there, whatever else exists: so it may be copied to where it
// belongs, and left again, at any time.
//
// The locks are taken in this order, and before a handle is in use: moving, Store.syncing,
// writing, Store.making, mu.
type part struct {
	name   string // Options.PartFile
	key    func() partfile.Key
	chunks int64 // of all files, in number

	moving  sync.Mutex   // held while chunks are moved to where they belong
	writing sync.Mutex   // held while the part file is written to or replaced
	mu      sync.RWMutex // guards index; held by readers while they read
	index   *partfile.Index
	file    atomic.Pointer[file] // nil if there is none; replaced with writing held
	broken  string               // a part file of ours to replace, because of a crash; guarded by writing
	changed atomic.Bool          // another program cut or deleted it, so it must be read again

	lost atomic.Pointer[error] // of a sync that failed outside of Store.Sync: writes may be lost
}

// newPart returns the part of a store without a part file.
func newPart(l layout, o Options) (*part, error) {
	bare := isLocalPath(o.PartFile) && !strings.Contains(o.PartFile, "/")
	if o.PartFile != "" && !bare {
		return nil, fmt.Errorf("diskstore: PartFile is %q, want a name without a folder", o.PartFile)
	}
	p := &part{name: o.PartFile}
	key := o.PartKey
	p.key = sync.OnceValue(func() partfile.Key { return l.partKey(key) })
	for _, sp := range l.spans {
		p.chunks += partfile.Chunks(sp.file.Length)
	}
	p.index = partfile.NewIndex(partfile.Key{})
	return p, nil
}

// partKey returns a digest of the files and of a text.
func (l layout) partKey(text string) partfile.Key {
	return partfile.NewKey(func(yield func(string) bool) {
		more := yield(text)
		for i := 0; more && i < len(l.files); i++ {
			f := l.files[i]
			more = yield(f.Path) && yield(fmt.Sprint(f.Offset, f.Length, f.Pad))
		}
	})
}

// chunkLength returns the length of a file for the part file: one without bytes on a disk
// has no chunks.
func (l layout) chunkLength(file int) int64 {
	if !l.files[file].onDisk() {
		return 0
	}
	return l.files[file].Length
}

// partNames yields the names that the part file may have. None of them is the beginning of
// a path of the torrent or the name of an incomplete file.
func (s *Store) partNames() iter.Seq[string] {
	return partfile.Names(s.part.name, func(yield func(string) bool) {
		for _, f := range s.files {
			for _, name := range s.names.All(f.Path) {
				if !yield(places.Shown(name)) {
					return
				}
			}
		}
	})
}

// findPart looks for the part file of an earlier store and reads which chunks are in it.
// The caller holds writing, unless nobody else has the store yet.
func (s *Store) findPart() error {
	if s.part.name == "" {
		return nil
	}
	s.making.Lock()
	var owned []string
	isForeign := false // what has the first name, if the torrent does not have it
	for name := range s.partNames() {
		if s.owned[name] {
			owned = append(owned, name)
		}
		isForeign = isForeign || (name == s.part.name && !s.owned[name])
	}
	s.making.Unlock()
	candidates := owned
	if s.overwrite && len(owned) == 0 {
		candidates = []string{s.part.name}
	}
	index := partfile.NewIndex(s.part.key())
	var found *file
	s.part.broken = ""
	for _, name := range candidates {
		f := newPartFile(name, len(owned) > 0)
		kind, loaded, err := s.loadPart(f)
		if err != nil {
			return wrapError("open", name, -1, err)
		}
		switch {
		case kind == partfile.Valid:
			found, index = f, loaded
		case kind == partfile.Damaged && len(owned) > 0:
			s.part.broken = name
		default:
			continue
		}
		break
	}
	s.usePart(found, index)
	if isForeign && (found == nil || found.Path != s.part.name) {
		s.warnOfPart()
	}
	return nil
}

// newPartFile returns a part file that exists.
func newPartFile(name string, ours bool) *file {
	f := &file{index: -1, partEnd: new(atomic.Int64)}
	f.Path = name
	f.state.Store(present)
	f.ours.Store(ours)
	f.dirty.Store(ours) // a run that crashed may not have synced it
	return f
}

// usePart makes f the part file, which may be nil, and index what is in it.
func (s *Store) usePart(f *file, index *partfile.Index) {
	s.part.mu.Lock()
	before := s.part.file.Swap(f)
	s.part.index = index
	for _, f := range s.files {
		f.inPart.Store(false)
	}
	for _, i := range index.Files() {
		s.files[i].inPart.Store(true)
	}
	if f != nil {
		f.partEnd.Store(index.End(s.chunkLength))
	}
	s.part.mu.Unlock()
	if before != nil {
		s.handles.drop(&before.reading, &before.writing)
	}
}

// loadPart reads the index of the part file f, if it is one.
func (s *Store) loadPart(f *file) (partfile.Kind, *partfile.Index, error) {
	info, err := s.lstat(f)
	if errors.Is(err, fs.ErrNotExist) || (err == nil && !info.Mode().IsRegular()) {
		return partfile.Other, nil, nil
	}
	if err != nil {
		return partfile.Other, nil, err
	}
	x, err := s.openFile(f, false)
	if err != nil {
		return partfile.Other, nil, err
	}
	defer s.handles.drop(&f.reading)
	defer s.handles.release(x)
	size, modTime, err := sizeAndTime(x.file)
	if err != nil {
		return partfile.Other, nil, err
	}
	f.setModTime(modTime)
	return partfile.Open(x.file, size, s.part.key(), len(s.files), s.part.chunks, s.chunkLength)
}

// notePartTime compares the part file with the time that it should have.
func (s *Store) notePartTime(modTime func(string) (time.Time, bool)) {
	f := s.part.file.Load()
	if f == nil || modTime == nil {
		return
	}
	want, known := modTime(f.Path)
	f.modification.modified = known && !want.Equal(f.modification.time)
}

// readyPart makes the part file if there is none. The caller holds writing.
func (s *Store) readyPart() error {
	if s.part.changed.Swap(false) {
		if err := s.findPart(); err != nil {
			s.part.changed.Store(true)
			return err
		}
	}
	if s.part.file.Load() != nil {
		return s.ownPart()
	}
	s.making.Lock()
	defer s.making.Unlock()
	haveFolder := s.handles.reserve(&s.folder) // the other slot is for the file
	defer s.handles.freeSlots(1)
	folder, err := s.openFolderReserved(haveFolder, true)
	if err != nil {
		return wrapError("create", ".", -1, err)
	}
	defer s.handles.release(&s.folder)
	if s.part.broken != "" {
		if err := s.remove(folder, s.part.broken, isRegular); err != nil {
			return err
		}
		s.part.broken = ""
	}
	name, err := s.freePartName(folder)
	if err != nil {
		return wrapError("create", s.part.name, -1, err)
	}
	if err := s.own([]string{name}); err != nil {
		return wrapError("create", name, -1, err)
	}
	f := newPartFile(name, true)
	if err := s.createPart(folder, f); err != nil {
		return wrapError("create", name, -1, err)
	}
	s.owned[name] = true
	s.unsynced["."] = true
	s.usePart(f, partfile.NewIndex(s.part.key()))
	return nil
}

// ownPart lists a part file as ours that was found because of Options.Overwrite: its key says
// that it is this torrent's. The caller holds writing.
func (s *Store) ownPart() error {
	f := s.part.file.Load()
	if f == nil || f.ours.Load() {
		return nil
	}
	s.making.Lock()
	defer s.making.Unlock()
	if err := s.own([]string{f.Path}); err != nil {
		return wrapError("write", f.Path, -1, err)
	}
	s.owned[f.Path] = true
	f.ours.Store(true)
	return nil
}

// warnOfPart reports a file at the name of the part file that is not ours. If the record of an
// earlier run is lost, its part file would otherwise stay, and nobody would know why.
func (s *Store) warnOfPart() {
	if _, err := s.lstat(newPartFile(s.part.name, false)); err == nil && s.warn != nil {
		s.warn(wrapError("use", s.part.name, -1, ErrForeignPart))
	}
}

// freePartName returns the first name that nothing has.
func (s *Store) freePartName(folder Folder) (string, error) {
	for name := range s.partNames() {
		_, err := folder.Lstat(name)
		if errors.Is(err, fs.ErrNotExist) {
			return name, nil
		}
		if err != nil {
			return "", err
		}
	}
	return "", ErrForeign
}

// createPart makes the part file. The header is stable before anything else is written, so
// a file without one has nothing in it. If that fails, the file is deleted.
func (s *Store) createPart(folder Folder, f *file) error {
	opened, err := folder.OpenFile(f.Path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		return err
	}
	err = partfile.Begin(opened, s.part.key())
	if err == nil {
		err = noteModTime(f, opened)
	}
	if err == nil && s.handles.keepOpen(&f.writing, opened) {
		return nil
	}
	err = cmp.Or(err, opened.Close())
	if err != nil {
		_ = folder.Remove(f.Path) // the first error is returned
	}
	return err
}

// removePart deletes the part file if it is ours. The caller holds making, and writing
// unless the store is closed.
func (s *Store) removePart(folder Folder) error {
	name := s.part.broken
	if f := s.part.file.Load(); f != nil {
		name = f.Path
	}
	if name == "" || !s.owned[name] {
		return nil
	}
	return s.remove(folder, name, isRegular)
}

func isRegular(info fs.FileInfo) bool { return info.Mode().IsRegular() }

// Part describes the part file. It reports false if there is none, or if it cannot be
// examined. It may be called concurrently, and after Close.
func (s *Store) Part() (FileStat, bool) {
	f := s.part.file.Load()
	if f == nil {
		return FileStat{}, false
	}
	folder, err := s.openFolder(false)
	if err != nil {
		return FileStat{}, false
	}
	defer s.releaseFolder()
	info, err := folder.Lstat(f.Path)
	if err != nil || !info.Mode().IsRegular() {
		return FileStat{}, false
	}
	return FileStat{Path: f.Path, Exists: true, Ours: f.ours.Load(), Size: info.Size(), ModTime: info.ModTime()}, true
}

// InPart returns the paths of the files that have bytes in the part file, in the torrent's
// order. The slice is the caller's. It may be called concurrently, and after Close.
func (s *Store) InPart() []string {
	s.part.mu.RLock()
	defer s.part.mu.RUnlock()
	var paths []string
	for _, i := range s.part.index.Files() {
		paths = append(paths, s.files[i].Path)
	}
	return paths
}
