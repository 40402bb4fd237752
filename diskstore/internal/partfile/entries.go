package partfile

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"io"
	"iter"
	"slices"
)

// entry returns the entry of a slot.
func (x *Index) entry(s Slot) []byte {
	b := make([]byte, 0, len(x.key)+8+sha256.Size)
	b = append(b, x.key[:]...)
	b = binary.BigEndian.AppendUint64(b, uint64(s.Number))
	b = binary.BigEndian.AppendUint64(b, uint64(s.File))
	b = binary.BigEndian.AppendUint64(b, uint64(s.Chunk))
	sum := sha256.Sum256(b)
	return append(b[len(x.key)+8:], sum[:entryLen-16]...)
}

// Entries yields what to write into the part file, and at which offset, so that slots are
// listed there. Slots that follow each other are one write.
func (x *Index) Entries(slots []Slot) iter.Seq2[int64, []byte] {
	return x.writes(slots, x.entry)
}

// Cleared is like Entries, for slots that are no longer listed.
func (x *Index) Cleared(slots []Slot) iter.Seq2[int64, []byte] {
	return x.writes(slots, func(Slot) []byte { return make([]byte, entryLen) })
}

func (x *Index) writes(slots []Slot, entry func(Slot) []byte) iter.Seq2[int64, []byte] {
	slots = slices.Clone(slots)
	slices.SortFunc(slots, func(a, b Slot) int { return a.Number - b.Number })
	return func(yield func(int64, []byte) bool) {
		var at int64
		var b []byte
		for _, s := range slots {
			next := entryOffset(s.Number)
			if len(b) > 0 && next != at+int64(len(b)) {
				if !yield(at, b) {
					return
				}
				b = nil
			}
			if len(b) == 0 {
				at = next
			}
			b = append(b, entry(s)...)
		}
		if len(b) > 0 {
			yield(at, b)
		}
	}
}

// Load reads the entries of a part file of size bytes. length returns the length of a file
// in bytes, or 0 if it has no chunks; files is the number of files, and chunks that of all
// their chunks, more than which no part file has. Entries that are not valid, or whose slot
// is not in the file, are left out. The error is that of r.
func Load(r io.ReaderAt, size int64, key Key, files int, chunks int64, length func(file int) int64) (*Index, error) {
	x := NewIndex(key)
	page := make([]byte, pageLen)
	for first := 0; int64(first) < chunks && pageOffset(first) < size; first += perPage {
		n, err := r.ReadAt(page, pageOffset(first))
		if err != nil && !errors.Is(err, io.EOF) {
			return nil, err
		}
		for i := range n / entryLen {
			s, ok := x.parse(first+i, page[i*entryLen:(i+1)*entryLen], files, length)
			if ok && slotEnd(s, length) <= size {
				set(x.listed, s.File, s.Chunk, s.Number)
				x.next = s.Number + 1
			}
		}
	}
	used := make([]bool, x.next)
	for _, chunks := range x.listed {
		for _, number := range chunks {
			used[number] = true
		}
	}
	for number, inUse := range slices.Backward(used) {
		if !inUse {
			x.free = append(x.free, number)
		}
	}
	return x, nil
}

// parse returns the slot that an entry describes. It reports false if that is not valid, or
// if the chunk has a slot already.
func (x *Index) parse(number int, entry []byte, files int, length func(file int) int64) (Slot, bool) {
	file, chunk := binary.BigEndian.Uint64(entry), binary.BigEndian.Uint64(entry[8:])
	if file >= uint64(files) {
		return Slot{}, false
	}
	if chunk >= uint64(Chunks(length(int(file)))) {
		return Slot{}, false
	}
	s := Slot{int(file), int64(chunk), number}
	_, twice := x.listed[s.File][s.Chunk]
	return s, !twice && string(x.entry(s)) == string(entry)
}
