package partfile

import (
	"bytes"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// lengths are those of the files in the tests.
var lengths = []int64{3*ChunkLen + 5, 0, 10, 300 * ChunkLen}

func length(file int) int64 { return lengths[file] }

func chunks() (n int64) {
	for _, l := range lengths {
		n += Chunks(l)
	}
	return n
}

// An image is a part file in memory.
type image struct{ b []byte }

func (m *image) write(at int64, p []byte) {
	if need := int(at) + len(p); need > len(m.b) {
		m.b = append(m.b, make([]byte, need-len(m.b))...)
	}
	copy(m.b[at:], p)
}

func (m *image) load(t testing.TB, key Key) *Index {
	x, err := Load(bytes.NewReader(m.b), int64(len(m.b)), key, len(lengths), chunks(), length)
	require.NoError(t, err)
	return x
}

// store reserves, writes and lists the chunks of n bytes of a file.
func (m *image) store(x *Index, file int, off, n int64) []Slot {
	slots := x.Reserve(file, off, n)
	for _, s := range slots {
		m.write(s.Offset(), make([]byte, min(ChunkLen, length(file)-s.Chunk*ChunkLen)))
	}
	for at, b := range x.Entries(slots) {
		m.write(at, b)
	}
	x.List(slots)
	return slots
}

func TestChunks(t *testing.T) {
	for length, want := range map[int64]int64{-1: 0, 0: 0, 1: 1, ChunkLen: 1, ChunkLen + 1: 2, 1<<63 - 1: 1 << 49} {
		require.Equal(t, want, Chunks(length), length)
	}
}

func TestIdentify(t *testing.T) {
	key := Key{1}
	header := Header(key)
	require.Len(t, header, HeaderLen)
	require.Equal(t, Valid, Identify(header, key))
	require.Equal(t, Other, Identify(header, Key{2}), "of another torrent")
	require.Equal(t, Other, Identify(nil, key))
	require.Equal(t, Other, Identify(header[:5], key))
	require.Equal(t, Damaged, Identify(header[:20], key))
	for i := range sumEnd {
		bad := slices.Clone(header)
		bad[i] ^= 4
		want := Damaged
		if i < len(magic) {
			want = Other
		}
		require.Equal(t, want, Identify(bad, key), i)
	}
}

func TestNewKey(t *testing.T) {
	key := func(texts ...string) Key { return NewKey(slices.Values(texts)) }
	require.Equal(t, key("a", "b"), key("a", "b"))
	for _, other := range [][]string{{"ab"}, {"a", "b", ""}, {"", "a", "b"}, {"b", "a"}, {"a\x01b"}} {
		require.NotEqual(t, key("a", "b"), key(other...), other)
	}
}

func TestOpen(t *testing.T) {
	key := Key{1}
	open := func(b []byte) (Kind, *Index) {
		kind, x, err := Open(bytes.NewReader(b), int64(len(b)), key, len(lengths), chunks(), length)
		require.NoError(t, err)
		return kind, x
	}
	x := NewIndex(key)
	m := &image{Header(key)}
	m.store(x, 3, 0, ChunkLen)
	kind, loaded := open(m.b)
	require.Equal(t, Valid, kind)
	require.Equal(t, x.Listed(3), loaded.Listed(3))
	for want, b := range map[Kind][][]byte{
		Damaged: {nil, make([]byte, 5), make([]byte, HeaderLen), m.b[:40]},
		Other:   {make([]byte, HeaderLen+1), []byte("text"), Header(Key{2})},
	} {
		for _, b := range b {
			kind, x := open(b)
			require.Equal(t, want, kind, len(b))
			require.Nil(t, x)
		}
	}
}

func TestIndex(t *testing.T) {
	key := Key{1}
	x := NewIndex(key)
	m := &image{Header(key)}
	m.store(x, 3, 10, 2*ChunkLen)
	m.store(x, 0, 3*ChunkLen, 5)
	require.Empty(t, m.store(x, 3, 0, ChunkLen), "it has a slot")
	extents := slices.Collect(x.Extents(3, 10, 4*ChunkLen, false))
	require.Equal(t, []Extent{
		{Off: 10, Len: 3*ChunkLen - 10, At: HeaderLen + pageLen + 10},
		{Off: 3 * ChunkLen, Len: ChunkLen + 10, At: -1},
	}, extents)

	loaded := m.load(t, key)
	require.Equal(t, []int{0, 3}, loaded.Files())
	require.Equal(t, x.Listed(3), loaded.Listed(3))
	require.Equal(t, x.End(length), loaded.End(length))
	require.EqualValues(t, len(m.b), x.End(length))
	require.Equal(t, []int{}, append([]int{}, m.load(t, Key{2}).Files()...), "entries of another torrent")

	// Slots are freed, lowest first, and taken again.
	slots := x.Listed(3)
	x.Unlist(slots)
	require.Equal(t, []int{0}, x.Files())
	require.Equal(t, slots, x.Reserved(3))
	require.Len(t, slices.Collect(x.Extents(3, 0, 2*ChunkLen, true)), 1)
	require.EqualValues(t, -1, slices.Collect(x.Extents(3, 0, 2*ChunkLen, false))[0].At)
	for at, b := range x.Cleared(slots) {
		m.write(at, b)
	}
	require.Equal(t, []int{0}, m.load(t, key).Files())
	x.Free(slots)
	require.Equal(t, []Slot{{2, 0, slots[0].Number}}, x.Reserve(2, 0, 10))
	require.Equal(t, []Slot{{2, 0, slots[0].Number}}, x.Reserve(2, 0, 10), "it stays reserved")
	require.Equal(t, slots[0].Number, m.load(t, key).Reserve(2, 0, 10)[0].Number, "also after loading")
	require.False(t, x.Empty())
	require.True(t, NewIndex(key).Empty())
}

// A file of more chunks than a page has entries is written in few calls and read whole.
func TestManyGroups(t *testing.T) {
	key := Key{1}
	x := NewIndex(key)
	m := &image{Header(key)}
	slots := m.store(x, 3, 0, length(3))
	require.Len(t, slots, 300)
	n := 0
	for range x.Entries(slots) {
		n++
	}
	require.Equal(t, 3, n, "one for each page")
	require.Len(t, slices.Collect(x.Extents(3, 0, length(3), false)), 3, "one for each group")
	require.Equal(t, slots, m.load(t, key).Listed(3))
}

// An entry that is torn, or that another slot had, costs its slot alone.
func TestEntryThatIsNotValid(t *testing.T) {
	key := Key{1}
	x := NewIndex(key)
	m := &image{Header(key)}
	m.store(x, 3, 0, 4*ChunkLen)
	for i := range entryLen {
		bad := &image{slices.Clone(m.b)}
		bad.b[entryOffset(1)+int64(i)] ^= 1
		listed := bad.load(t, key).Listed(3)
		require.Len(t, listed, 3, i)
	}
	bad := &image{slices.Clone(m.b)}
	copy(bad.b[entryOffset(2):], m.b[entryOffset(1):][:entryLen])
	require.Len(t, bad.load(t, key).Listed(3), 3)

	// A chunk that is listed twice has its first slot.
	bad = &image{slices.Clone(m.b)}
	copy(bad.b[entryOffset(2):], x.entry(Slot{3, 0, 2}))
	require.Equal(t, []Slot{{3, 0, 0}, {3, 1, 1}, {3, 3, 3}}, bad.load(t, key).Listed(3))

	// A file or a chunk that does not exist.
	for _, s := range []Slot{{4, 0, 1}, {1, 0, 1}, {0, 4, 1}, {-1, 0, 1}, {0, -1, 1}} {
		bad = &image{slices.Clone(m.b)}
		copy(bad.b[entryOffset(1):], x.entry(s))
		require.Len(t, bad.load(t, key).Listed(3), 3, s)
		require.Equal(t, []int{3}, bad.load(t, key).Files())
	}

	// The file is cut.
	for size := range len(m.b) {
		if size%1000 != 0 && size != len(m.b)-1 {
			continue
		}
		cut := &image{m.b[:size]}
		for _, s := range cut.load(t, key).Listed(3) {
			require.LessOrEqual(t, s.Offset()+ChunkLen, int64(size))
		}
	}
}

// FuzzLoad loads any bytes as a part file. What is listed is in the file and in the torrent,
// no slot has two chunks, and slots that are reserved then are others.
func FuzzLoad(f *testing.F) {
	key := Key{1}
	x := NewIndex(key)
	m := &image{Header(key)}
	m.store(x, 3, 0, 4*ChunkLen)
	m.store(x, 2, 0, 10)
	f.Add(m.b[HeaderLen:HeaderLen+6*entryLen], uint32(len(m.b)))
	f.Add(m.b[HeaderLen:HeaderLen+6*entryLen], uint32(HeaderLen+pageLen+ChunkLen))
	f.Add(slices.Concat(x.entry(Slot{3, 0, 0}), x.entry(Slot{3, 0, 1}), x.entry(Slot{2, 0, 2})), uint32(1<<20))
	f.Fuzz(func(t *testing.T, entries []byte, size uint32) {
		b := slices.Concat(Header(key), entries)
		size = min(size, 8<<20)
		if len(b) < int(size) {
			b = append(b, make([]byte, int(size)-len(b))...)
		}
		b = b[:size]
		_, _, err := Open(bytes.NewReader(entries), int64(len(entries)), key, len(lengths), chunks(), length)
		require.NoError(t, err)
		x, err := Load(bytes.NewReader(b), int64(size), key, len(lengths), chunks(), length)
		require.NoError(t, err)
		used := make(map[int]bool)
		check := func(s Slot) {
			require.False(t, used[s.Number])
			used[s.Number] = true
			require.Less(t, s.Chunk, Chunks(length(s.File)))
		}
		for _, file := range x.Files() {
			for _, s := range x.Listed(file) {
				check(s)
				require.LessOrEqual(t, slotEnd(s, length), int64(size))
			}
		}
		for file := range lengths {
			for _, s := range x.Reserve(file, 0, length(file)) {
				check(s)
			}
		}
	})
}
