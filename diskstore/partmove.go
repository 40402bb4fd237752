package diskstore

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"

	"github.com/shoal-bt/shoal/diskstore/internal/partfile"
)

// SetUnwanted replaces what Options.Unwanted said: which files are not wanted, by index; nil
// for none. It keeps no slice. Files that are wanted again get their bytes from the part file
// before it returns; if that fails, the error is the first one, what is wanted holds all the
// same, and the next write to such a file tries again. A file that is no longer wanted keeps
// what it has. An empty file or symlink that is wanted again is made if the others were. It
// may be called concurrently, and other calls go on meanwhile.
func (s *Store) SetUnwanted(unwanted []bool) error {
	if unwanted != nil && len(unwanted) != len(s.files) {
		return fmt.Errorf("diskstore: SetUnwanted got %d files, and the torrent has %d", len(unwanted), len(s.files))
	}
	if s.closed.Load() {
		return wrapError("use", ".", -1, fs.ErrClosed)
	}
	made, missing := s.emptyMade.Load(), false
	for i, f := range s.files {
		now := unwanted != nil && unwanted[i]
		before := f.unwanted.Swap(now)
		missing = missing || (before && !now && f.empty())
	}
	var err error
	if missing {
		s.emptyMade.Store(false)
		if made {
			err = s.create(nil)
		}
	}
	return cmp.Or(s.restoreWanted(), err)
}

// restoreWanted moves the bytes of all wanted files out of the part file, and deletes it if
// nothing is left in it. It goes on after an error, unless the disk is full, and returns the
// first one.
func (s *Store) restoreWanted() error {
	if s.part.name == "" {
		return nil
	}
	var files []*file
	for _, f := range s.files {
		if f.inPart.Load() && !f.unwanted.Load() {
			files = append(files, f)
		}
	}
	if len(files) == 0 {
		return s.deleteEmptyPart()
	}
	return s.restore(files)
}

// restore moves the bytes of files out of the part file.
//
// A crash between any two steps does no harm. A chunk is copied, and the copy synced, before
// its entry is cleared. The entry is cleared, and that is synced, before a write can go to
// the copy or another chunk into the slot.
func (s *Store) restore(files []*file) error {
	s.part.moving.Lock()
	defer s.part.moving.Unlock()
	defer func() {
		if s.closed.Load() {
			s.Close() // what was opened meanwhile
		}
	}()
	if s.part.changed.Load() {
		if err := s.reloadPart(); err != nil {
			return err
		}
	}
	var first error
	var b batch
	for _, f := range files {
		slots, err := s.makeForRestore(f)
		first = cmp.Or(first, err)
		if isFull(err) {
			return first
		}
		if err != nil {
			continue
		}
		b.files = append(b.files, f)
		for _, slot := range slots {
			b.slots = append(b.slots, slot)
			if len(b.slots) == maxBatch {
				if err := s.restoreBatch(b); err != nil {
					return cmp.Or(first, err)
				}
				b = batch{files: []*file{f}}
			}
		}
	}
	return cmp.Or(first, s.restoreBatch(b), s.deleteEmptyPart())
}

// maxBatch is the number of chunks that are moved while writes to the part file wait.
const maxBatch = 2048

// A batch is some chunks in the part file, and the files that they belong to.
type batch struct {
	files []*file
	slots []partfile.Slot // of these files, in order
}

// isFull reports whether err says that nothing more can be written.
func isFull(err error) bool {
	return err != nil && !errors.Is(err, ErrForeign) && !errors.Is(err, fs.ErrExist) && !errors.As(err, new(*SizeError))
}

// makeForRestore makes f if it does not exist, and returns its slots. With none it makes
// nothing.
func (s *Store) makeForRestore(f *file) ([]partfile.Slot, error) {
	s.part.mu.RLock()
	slots := s.part.index.Listed(f.index)
	s.part.mu.RUnlock()
	if len(slots) == 0 {
		return nil, nil
	}
	err := s.create([]span{{f.Offset, f.Offset + f.Length, f}})
	if err == nil && !s.writable(f) {
		err = wrapError("write", f.Path, 0, ErrForeign)
	}
	return slots, err
}

// restoreBatch copies chunks, syncs the files, and frees the slots. Files that are not
// wanted after all stay as they are.
func (s *Store) restoreBatch(b batch) error {
	if len(b.files) == 0 {
		return nil
	}
	s.syncing.Lock()
	defer s.syncing.Unlock()
	s.part.writing.Lock()
	defer s.part.writing.Unlock()
	if s.closed.Load() {
		return wrapError("use", ".", -1, fs.ErrClosed)
	}
	// What was read of the index must still be true.
	if s.part.changed.Load() {
		return wrapError("read", s.part.name, -1, errPartCut)
	}
	if err := s.ownPart(); err != nil {
		return err
	}
	var files []*file
	for _, f := range b.files {
		if !f.unwanted.Load() && f.failed == nil {
			files = append(files, f)
		}
	}
	var slots []partfile.Slot
	for _, slot := range b.slots {
		f := s.files[slot.File]
		if f.failed != nil {
			return f.failed
		}
		if !f.unwanted.Load() {
			slots = append(slots, slot)
		}
	}
	if err := s.copySlots(slots); err != nil {
		return err
	}
	dirty := files[:0:0]
	for _, f := range files {
		if f.dirty.Swap(false) {
			dirty = append(dirty, f)
		}
	}
	if err := cmp.Or(s.syncFiles(dirty), s.syncFolders()); err != nil {
		return err
	}
	s.part.mu.Lock()
	s.part.index.Unlist(slots)
	s.part.mu.Unlock()
	return s.freeSlots(files)
}

// copySlots copies chunks to where they belong.
func (s *Store) copySlots(slots []partfile.Slot) error {
	buf := make([]byte, partfile.ChunkLen)
	for _, slot := range slots {
		f := s.files[slot.File]
		off := slot.Chunk * partfile.ChunkLen
		p := [][]byte{buf[:min(partfile.ChunkLen, f.Length-off)]}
		n := int64(len(p[0]))
		if _, err := s.readSlots(p, slot.Offset(), n); err != nil {
			return err
		}
		if _, err := s.writeTo(f, p, off, n); err != nil {
			return err
		}
	}
	return nil
}

// freeSlots frees the reserved slots of files, and those files that have no others.
func (s *Store) freeSlots(files []*file) error {
	var slots []partfile.Slot
	for _, f := range files {
		slots = append(slots, s.part.index.Reserved(f.index)...)
	}
	if len(slots) > 0 {
		part := s.part.file.Load()
		if err := s.writeEntries(s.part.index.Cleared(slots)); err != nil {
			return err
		}
		if err := s.syncFile(part); err != nil {
			return wrapError("sync", part.Path, -1, err)
		}
	}
	s.part.mu.Lock()
	defer s.part.mu.Unlock()
	s.part.index.Free(slots)
	for _, f := range files {
		if len(s.part.index.Listed(f.index)) == 0 {
			f.inPart.Store(false)
		}
	}
	return nil
}

// deleteEmptyPart deletes the part file if nothing is in it. Its name is ours until that is
// stable.
func (s *Store) deleteEmptyPart() error {
	s.part.writing.Lock()
	needless := s.needlessPart()
	s.part.writing.Unlock()
	if needless == "" {
		return nil // without waiting for a Sync
	}
	s.syncing.Lock()
	defer s.syncing.Unlock()
	name, err := s.removeEmptyPart()
	if name == "" || err != nil {
		return err
	}
	err = s.syncFolders()
	if err == nil {
		s.disownPart(name)
	}
	return err
}

// disownPart takes back the name of a part file that was deleted, unless somebody has made one of
// this name meanwhile.
func (s *Store) disownPart(name string) {
	s.part.writing.Lock()
	defer s.part.writing.Unlock()
	f := s.part.file.Load()
	isMadeAgain := f != nil && f.Path == name
	if !isMadeAgain && s.disown != nil {
		s.disown([]string{name})
	}
}

// removeEmptyPart deletes the part file if nothing is in it, and returns its name.
func (s *Store) removeEmptyPart() (name string, err error) {
	s.part.writing.Lock()
	defer s.part.writing.Unlock()
	name = s.needlessPart()
	if name == "" {
		return "", nil
	}
	if f := s.part.file.Load(); f != nil {
		s.handles.drop(&f.reading, &f.writing)
	}
	s.making.Lock()
	defer s.making.Unlock()
	folder, err := s.openFolder(false)
	if err != nil {
		return "", wrapError("remove", ".", -1, err)
	}
	defer s.releaseFolder()
	if err := s.removePart(folder); err != nil {
		return "", err
	}
	s.unsynced["."] = true
	s.part.broken = ""
	s.usePart(nil, partfile.NewIndex(s.part.key()))
	return name, nil
}

// needlessPart returns the name of a part file of ours in which nothing is; empty if there is
// none. The caller holds writing.
func (s *Store) needlessPart() string {
	f := s.part.file.Load()
	switch {
	case f == nil:
		return s.part.broken
	case s.part.index.Empty() && f.ours.Load():
		return f.Path
	}
	return ""
}
