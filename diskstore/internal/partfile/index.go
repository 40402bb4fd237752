package partfile

import (
	"iter"
	"maps"
	"slices"
)

// ChunkLen is the length of a chunk of a file, and of a slot, in bytes. The last chunk of a
// file may be shorter.
const ChunkLen = 16 << 10

const (
	entryLen = 32
	perPage  = 128
	pageLen  = perPage * entryLen
	groupLen = pageLen + perPage*ChunkLen
)

// Chunks returns the number of chunks of a file that is length bytes long.
func Chunks(length int64) int64 {
	if length <= 0 {
		return 0
	}
	return (length-1)/ChunkLen + 1
}

// A Slot is a place in the part file, and the chunk that is in it.
type Slot struct {
	File   int   // counted from zero, in the torrent
	Chunk  int64 // counted from zero, in the file
	Number int   // counted from zero, in the part file
}

// Offset returns where the slot begins in the part file, in bytes.
func (s Slot) Offset() int64 { return slotOffset(s.Number) }

// An Index says which chunk is in which slot. A slot is reserved for a chunk first, and
// listed when the chunk and the entry of the slot are written.
//
// Methods that only read what is listed may be called concurrently: Extents without
// reserved ones, Listed, Files and End. All others need the Index for themselves.
type Index struct {
	key      Key
	listed   map[int]map[int64]int // numbers of slots by file and chunk
	reserved map[int]map[int64]int
	free     []int // slots that had a chunk, highest first
	next     int   // the first slot that was never used
}

// NewIndex returns the Index of a part file without chunks.
func NewIndex(key Key) *Index {
	return &Index{key: key, listed: make(map[int]map[int64]int), reserved: make(map[int]map[int64]int)}
}

// An Extent is a range of a file.
type Extent struct {
	Off, Len int64 // in the file, in bytes
	At       int64 // its offset in the part file, in bytes; -1 if it is not there
}

// Extents yields the n bytes at off of a file as extents, in order. If reserved is set,
// slots count that are only reserved.
func (x *Index) Extents(file int, off, n int64, reserved bool) iter.Seq[Extent] {
	return func(yield func(Extent) bool) {
		e := Extent{Off: off}
		for end := off + n; off < end; {
			chunk := off / ChunkLen
			size := min((chunk+1)*ChunkLen, end) - off
			at := x.offset(file, chunk, reserved)
			if at >= 0 {
				at += off % ChunkLen
			}
			adjacent := at == e.At+e.Len
			if e.At < 0 || at < 0 {
				adjacent = at == e.At
			}
			if e.Len > 0 && !adjacent {
				if !yield(e) {
					return
				}
				e = Extent{Off: off}
			}
			if e.Len == 0 {
				e.At = at
			}
			e.Len += size
			off += size
		}
		if e.Len > 0 {
			yield(e)
		}
	}
}

// offset returns where the chunk begins in the part file; -1 if it has no slot.
func (x *Index) offset(file int, chunk int64, reserved bool) int64 {
	if number, ok := x.listed[file][chunk]; ok {
		return slotOffset(number)
	}
	if number, ok := x.reserved[file][chunk]; ok && reserved {
		return slotOffset(number)
	}
	return -1
}

// slotOffset returns where a slot begins in the part file, in bytes.
func slotOffset(number int) int64 {
	return pageOffset(number) + pageLen + int64(number%perPage)*ChunkLen
}

// pageOffset returns where the page with the entry of a slot begins, in bytes.
func pageOffset(number int) int64 { return HeaderLen + int64(number/perPage)*groupLen }

// entryOffset returns where the entry of a slot is, in bytes.
func entryOffset(number int) int64 { return pageOffset(number) + int64(number%perPage)*entryLen }

// Reserve reserves a slot for each chunk of the n bytes at off of a file that has none
// listed. It returns these chunks, in order. A chunk keeps the slot that is reserved for it.
func (x *Index) Reserve(file int, off, n int64) []Slot {
	var slots []Slot
	for chunk := off / ChunkLen; chunk*ChunkLen < off+n; chunk++ {
		if _, ok := x.listed[file][chunk]; ok {
			continue
		}
		number, ok := x.reserved[file][chunk]
		if !ok {
			number = x.take()
			set(x.reserved, file, chunk, number)
		}
		slots = append(slots, Slot{file, chunk, number})
	}
	return slots
}

// take returns a slot that nothing is in.
func (x *Index) take() int {
	if n := len(x.free); n > 0 {
		number := x.free[n-1]
		x.free = x.free[:n-1]
		return number
	}
	x.next++
	return x.next - 1
}

// List lists reserved slots.
func (x *Index) List(slots []Slot) {
	for _, s := range slots {
		unset(x.reserved, s.File, s.Chunk)
		set(x.listed, s.File, s.Chunk, s.Number)
	}
}

// Unlist makes slots reserved that are listed: their chunks are elsewhere now.
func (x *Index) Unlist(slots []Slot) {
	for _, s := range slots {
		unset(x.listed, s.File, s.Chunk)
		set(x.reserved, s.File, s.Chunk, s.Number)
	}
}

// Free frees slots that are listed or reserved. Their entries are cleared by then, and that
// is stable, or a later chunk in the slot could be read as the former one after a crash.
func (x *Index) Free(slots []Slot) {
	for _, s := range slots {
		unset(x.reserved, s.File, s.Chunk)
		unset(x.listed, s.File, s.Chunk)
		x.free = append(x.free, s.Number)
	}
	slices.SortFunc(x.free, func(a, b int) int { return b - a })
}

// Listed returns the slots that are listed of a file, in the order of its chunks.
func (x *Index) Listed(file int) []Slot { return slotsOf(x.listed, file) }

// Reserved returns the slots that are reserved for a file, in the order of its chunks.
func (x *Index) Reserved(file int) []Slot { return slotsOf(x.reserved, file) }

// Files returns the files that have slots which are listed, in order.
func (x *Index) Files() []int { return slices.Sorted(maps.Keys(x.listed)) }

// Empty reports whether no slot is listed or reserved.
func (x *Index) Empty() bool { return len(x.listed) == 0 && len(x.reserved) == 0 }

// End returns the size that the part file has at least, in bytes. length returns the length
// of a file, in bytes: a last chunk that is shorter needs no whole slot.
func (x *Index) End(length func(file int) int64) int64 {
	end := int64(HeaderLen)
	for file, chunks := range x.listed {
		for chunk, number := range chunks {
			end = max(end, slotEnd(Slot{file, chunk, number}, length))
		}
	}
	return end
}

// SlotsEnd is End for some slots alone.
func SlotsEnd(slots []Slot, length func(file int) int64) int64 {
	end := int64(HeaderLen)
	for _, s := range slots {
		end = max(end, slotEnd(s, length))
	}
	return end
}

// slotEnd returns where the bytes of a slot end in the part file.
func slotEnd(s Slot, length func(file int) int64) int64 {
	return slotOffset(s.Number) + min(ChunkLen, length(s.File)-s.Chunk*ChunkLen)
}

func slotsOf(m map[int]map[int64]int, file int) []Slot {
	slots := make([]Slot, 0, len(m[file]))
	for _, chunk := range slices.Sorted(maps.Keys(m[file])) {
		slots = append(slots, Slot{file, chunk, m[file][chunk]})
	}
	return slots
}

func set(m map[int]map[int64]int, file int, chunk int64, number int) {
	if m[file] == nil {
		m[file] = make(map[int64]int)
	}
	m[file][chunk] = number
}

func unset(m map[int]map[int64]int, file int, chunk int64) {
	delete(m[file], chunk)
	if len(m[file]) == 0 {
		delete(m, file)
	}
}
