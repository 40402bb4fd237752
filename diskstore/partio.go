package diskstore

import (
	"errors"
	"io"
	"io/fs"

	"github.com/shoal-bt/shoal/diskstore/internal/partfile"
	"github.com/shoal-bt/shoal/diskstore/iovec"
)

// toPart reports whether bytes of f go to the part file: f has some there already, or it is
// not wanted and there is no file that we may write to.
func (s *Store) toPart(f *file) bool {
	return f.inPart.Load() || (f.unwanted.Load() && (f.state.Load() == absent || !s.writable(f)))
}

// claimPart decides that bytes of f go to the part file. It reports false if they do not, or
// no longer. A file is made under the same lock, so it never gets bytes that a new slot would
// hide.
func (s *Store) claimPart(f *file) bool {
	s.making.Lock()
	defer s.making.Unlock()
	if !f.unwanted.Load() || !s.toPart(f) {
		return false
	}
	f.inPart.Store(true)
	return true
}

// readPart fills bufs, which are n bytes long, from offset off of f, some of whose chunks
// are in the part file.
func (s *Store) readPart(f *file, bufs [][]byte, off, n int64) (int64, error) {
	if s.part.changed.Load() {
		if err := s.reloadPart(); err != nil {
			return 0, wrapError("read", f.Path, off, err)
		}
	}
	s.part.mu.RLock()
	defer s.part.mu.RUnlock()
	v := vecsPool.Get().(*iovec.Vecs)
	defer putVecs(v)
	v.Reset(bufs)
	var total int64
	for e := range s.part.index.Extents(f.index, off, n, false) {
		var got int64
		var err error
		if e.At >= 0 {
			got, err = s.readSlots(v.Next(e.Len, maxVecs), e.At, e.Len)
		} else {
			got, err = s.readFrom(f, v.Next(e.Len, maxVecs), e.Off, e.Len)
		}
		v.Advance(got)
		total += got
		if err != nil {
			return total, err
		}
	}
	return total, nil
}

// readSlots fills bufs, which are n bytes long, from offset at of the part file.
func (s *Store) readSlots(bufs [][]byte, at, n int64) (int64, error) {
	got, err := s.readFrom(s.part.file.Load(), bufs, at, n)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, errPartCut) {
		s.part.changed.Store(true)
	}
	return got, err
}

// reloadPart reads the part file again, because another program changed it.
func (s *Store) reloadPart() error {
	s.part.writing.Lock()
	defer s.part.writing.Unlock()
	if !s.part.changed.Swap(false) {
		return nil
	}
	err := s.findPart()
	if err != nil {
		s.part.changed.Store(true)
	}
	return err
}

// writeRouted is writePart for a file that may become wanted meanwhile. If it reports false
// without an error, f has left the part file and exists.
func (s *Store) writeRouted(f *file, bufs [][]byte, off, n int64) (written int64, routed bool, err error) {
	for s.toPart(f) {
		written, routed, err = s.writePart(f, bufs, off, n)
		if routed || err != nil {
			return written, routed, err
		}
		if err := s.restore([]*file{f}); err != nil {
			return 0, false, err
		}
	}
	return 0, false, s.create([]span{{f.Offset, f.Offset + f.Length, f}})
}

// writePart writes bufs, which are n bytes long, at offset off of f to the part file. It
// reports false if f does not belong there, and then writes nothing.
//
// The chunks are written before the entries that list them, so a crash leaves no entry of
// a chunk that was not written, unless the power fails; then nobody trusts them yet.
func (s *Store) writePart(f *file, bufs [][]byte, off, n int64) (written int64, routed bool, err error) {
	if s.part.name == "" && f.unwanted.Load() {
		return 0, true, wrapError("write", f.Path, off, ErrUnwanted)
	}
	s.part.writing.Lock()
	defer s.part.writing.Unlock()
	if !s.claimPart(f) {
		return 0, false, nil
	}
	if err := s.readyPart(); err != nil {
		return 0, true, err
	}
	f.inPart.Store(true) // also if the part file was found again meanwhile
	slots := s.part.index.Reserve(f.index, off, n)
	if err := s.fillSlots(f, slots, off, off+n); err != nil {
		return 0, true, err
	}
	v := vecsPool.Get().(*iovec.Vecs)
	defer putVecs(v)
	v.Reset(bufs)
	part := s.part.file.Load()
	for e := range s.part.index.Extents(f.index, off, n, true) {
		got, err := s.writeTo(part, v.Next(e.Len, maxVecs), e.At, e.Len)
		v.Advance(got)
		written += got
		if err != nil {
			return written, true, err
		}
	}
	if err := s.writeEntries(s.part.index.Entries(slots)); err != nil {
		return 0, true, err
	}
	s.part.mu.Lock()
	defer s.part.mu.Unlock()
	s.part.index.List(slots)
	part.partEnd.Store(max(part.partEnd.Load(), partfile.SlotsEnd(slots, s.chunkLength)))
	return written, true, nil
}

// writeEntries writes entries of the part file.
func (s *Store) writeEntries(entries func(func(int64, []byte) bool)) error {
	for at, b := range entries {
		if _, err := s.writeTo(s.part.file.Load(), [][]byte{b}, at, int64(len(b))); err != nil {
			return err
		}
	}
	return nil
}

// fillSlots writes the bytes of new slots that are not between two offsets in f. If f exists
// they are the file's, else zeros: a slot may hold what is left of another chunk.
func (s *Store) fillSlots(f *file, slots []partfile.Slot, from, to int64) error {
	copied := false
	for i, slot := range slots {
		if i > 0 && i < len(slots)-1 {
			continue // only the first and the last chunk may be written in part
		}
		begin := slot.Chunk * partfile.ChunkLen
		end := min(begin+partfile.ChunkLen, f.Length)
		for _, r := range [][2]int64{{begin, min(from, end)}, {max(to, begin), end}} {
			if r[0] >= r[1] {
				continue
			}
			had, err := s.fillSlot(f, slot, r[0], r[1])
			if err != nil {
				return err
			}
			copied = copied || had
		}
	}
	if !copied {
		return nil
	}
	// These bytes may be of pieces that are held. They are stable before an entry hides
	// those in the file.
	part := s.part.file.Load()
	x, err := s.writer(part)
	if err != nil {
		return wrapError("sync", part.Path, -1, err)
	}
	defer s.handles.release(x)
	err = x.file.Sync()
	if err != nil {
		err = wrapError("sync", part.Path, -1, err)
		s.part.lost.Store(&err)
	}
	return err
}

// fillSlot writes the bytes between two offsets in f to a slot. It reports whether they are
// the file's.
func (s *Store) fillSlot(f *file, slot partfile.Slot, from, to int64) (had bool, err error) {
	buf := make([]byte, to-from)
	if f.state.Load() != absent {
		n, err := s.readFrom(f, [][]byte{buf}, from, int64(len(buf)))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return false, err
		}
		had = n > 0
	}
	at := slot.Offset() + from - slot.Chunk*partfile.ChunkLen
	_, err = s.writeTo(s.part.file.Load(), [][]byte{buf}, at, int64(len(buf)))
	return had, err
}
