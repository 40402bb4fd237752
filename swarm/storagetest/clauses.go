package storagetest

import (
	"bytes"
	"math/rand/v2"
	"testing"

	"github.com/shoal-bt/shoal/swarm"
)

// unwritten: bytes that were never written read as zeros, or fail with an error
// that matches fs.ErrNotExist.
func unwritten(t *testing.T, s swarm.Storage, length int64) {
	for _, off := range []int64{0, length / 2, length - 100} {
		p := bytes.Repeat([]byte{0xff}, 100)
		n := readOrMissing(t, s, p, off)
		wantEqual(t, p[:n], make([]byte, n), off)
	}
}

// partlyWritten: the same is true beside bytes that were written.
func partlyWritten(t *testing.T, s swarm.Storage, length int64) {
	const off, size = 300_000, 5000
	mustWrite(t, s, pattern(1, size), off)
	want := make([]byte, length)
	copy(want[off:], pattern(1, size))
	p := bytes.Repeat([]byte{0xff}, 3*size)
	n := readOrMissing(t, s, p, off-size)
	wantEqual(t, p[:n], want[off-size:off-size+n], off-size)
	wantBytes(t, s, want[off:off+size], off)
}

// roundTrip: bytes can be written and read in any order, at any offset and in any
// length.
func roundTrip(t *testing.T, s swarm.Storage, length int64) {
	want := pattern(2, length)
	r := rand.New(rand.NewPCG(2, 2))
	blocks := r.Perm(int((length + swarm.BlockLen - 1) / swarm.BlockLen))
	for _, i := range blocks {
		off := int64(i) * swarm.BlockLen
		mustWrite(t, s, want[off:min(off+swarm.BlockLen, length)], off)
	}
	wantBytes(t, s, want, 0)
	for range 100 {
		off := r.Int64N(length)
		n := 1 + r.Int64N(min(length-off, swarm.MaxRequest))
		wantBytes(t, s, want[off:off+n], off)
	}
}

// readBackAtOnce: bytes can be read back as soon as the write returns.
func readBackAtOnce(t *testing.T, s swarm.Storage, length int64) {
	r := rand.New(rand.NewPCG(3, 3))
	for i := range uint64(50) {
		n := 1 + r.Int64N(40000)
		off := r.Int64N(length - n)
		p := pattern(i, n)
		mustWrite(t, s, p, off)
		wantBytes(t, s, p, off)
	}
}

// overwrite: a later write replaces what an earlier one wrote, and nothing else.
func overwrite(t *testing.T, s swarm.Storage, length int64) {
	want := pattern(4, length)
	mustWrite(t, s, want, 0)
	for i := range uint64(20) {
		off := int64(i) * (length / 21)
		p := pattern(100+i, 1000+int64(i))
		mustWrite(t, s, p, off)
		copy(want[off:], p)
	}
	wantBytes(t, s, want, 0)
}

// boundaries: the first and the last byte can be written and read like any other.
func boundaries(t *testing.T, s swarm.Storage, length int64) {
	mustWrite(t, s, []byte{7}, length-1)
	wantBytes(t, s, []byte{7}, length-1)
	mustWrite(t, s, []byte{9}, 0)
	wantBytes(t, s, []byte{9}, 0)
	want := pattern(5, length)
	mustWrite(t, s, want, 0)
	wantBytes(t, s, want[length-1:], length-1)
	wantBytes(t, s, want, 0)
}

// emptyCalls: calls on no bytes do nothing and return no error.
func emptyCalls(t *testing.T, s swarm.Storage, length int64) {
	mustWrite(t, s, []byte{4, 5}, length-2)
	for _, off := range []int64{0, length / 2, length} {
		mustWrite(t, s, nil, off)
		if n, err := s.ReadAt(nil, off); n != 0 || err != nil {
			t.Errorf("ReadAt of no bytes at %d: %d, %v; want 0 and no error", off, n, err)
		}
		if n, err := swarm.WriteVecAt(s, [][]byte{nil, {}}, off); n != 0 || err != nil {
			t.Errorf("WriteVecAt of no bytes at %d: %d, %v; want 0 and no error", off, n, err)
		}
	}
	mustWrite(t, s, []byte{1, 2, 3}, 10)
	for _, bufs := range [][][]byte{nil, {}, {nil}, {{}, nil}} {
		if n, err := swarm.ReadVecAt(s, bufs, 11); n != 0 || err != nil {
			t.Errorf("ReadVecAt of no bytes: %d, %v; want 0 and no error", n, err)
		}
	}
	wantBytes(t, s, []byte{1, 2, 3}, 10)
	wantBytes(t, s, []byte{4, 5}, length-2)
}

// outside: a call that reaches outside the torrent fails, and changes nothing
// outside the range that it names.
func outside(t *testing.T, s swarm.Storage, length int64) {
	want := pattern(9, length)
	mustWrite(t, s, want, 0)
	for _, off := range []int64{-1, -100, length - 99, length - 1, length, length + 1, 2 * length} {
		p := make([]byte, 100)
		within := int64(0) // bytes that the call may move
		if off >= 0 {
			within = max(0, length-off)
		}
		if n, err := s.ReadAt(p, off); err == nil || n < 0 || int64(n) > within {
			t.Errorf("ReadAt of 100 bytes at %d of %d: %d, %v; want an error", off, length, n, err)
		} else {
			wantEqual(t, p[:n], want[min(max(off, 0), length):][:n], off)
		}
		if n, err := swarm.ReadVecAt(s, cut(p, 30), off); err == nil || n < 0 || n > within {
			t.Errorf("ReadVecAt of 100 bytes at %d of %d: %d, %v; want an error", off, length, n, err)
		}
		if n, err := s.WriteAt(bytes.Repeat([]byte{0xee}, 100), off); err == nil || n < 0 || int64(n) > within {
			t.Errorf("WriteAt of 100 bytes at %d of %d: %d, %v; want an error", off, length, n, err)
		}
		if n, err := swarm.WriteVecAt(s, cut(bytes.Repeat([]byte{0xee}, 100), 30), off); err == nil || n < 0 || n > within {
			t.Errorf("WriteVecAt of 100 bytes at %d of %d: %d, %v; want an error", off, length, n, err)
		}
	}
	wantBytes(t, s, want[100:length-99], 100)
}

// readsFillOnlyP: a read changes no memory around p.
func readsFillOnlyP(t *testing.T, s swarm.Storage, length int64) {
	want := pattern(6, length)
	mustWrite(t, s, want, 0)
	for _, off := range []int64{0, 12345, length - 500} {
		around := bytes.Repeat([]byte{0xee}, 1500)
		p := around[500:1000]
		wantReadAll(t, s, p, off)
		wantEqual(t, p, want[off:off+500], off)
		guard := bytes.Repeat([]byte{0xee}, 500)
		if !bytes.Equal(around[:500], guard) || !bytes.Equal(around[1000:], guard) {
			t.Errorf("ReadAt at %d changed memory around p", off)
		}
	}
}

// keepsNoSlice: no method keeps a slice after it returns.
func keepsNoSlice(t *testing.T, s swarm.Storage, length int64) {
	want := pattern(7, length)
	p := bytes.Clone(want)
	mustWrite(t, s, p, 0)
	clear(p)
	wantBytes(t, s, want, 0)

	bufs := [][]byte{bytes.Clone(want[:70000]), bytes.Clone(want[70000:])}
	mustWriteVec(t, s, bufs, 0)
	clear(bufs[0])
	clear(bufs[1])
	clear(bufs)
	wantBytes(t, s, want, 0)

	wantReadAll(t, s, p, 0)
	clear(p)
	wantBytes(t, s, want, 0)
	bufs = [][]byte{make([]byte, 70000), make([]byte, length-70000)}
	if n, err := swarm.ReadVecAt(s, bufs, 0); n != length || err != nil {
		t.Fatalf("ReadVecAt: %d, %v", n, err)
	}
	clear(bufs[0])
	clear(bufs)
	wantBytes(t, s, want, 0)
}

// changesNoSlice: no method changes a slice that it writes from, or a list of
// buffers, because others may read them at the same time.
func changesNoSlice(t *testing.T, s swarm.Storage, length int64) {
	want := pattern(8, length)
	p := append(bytes.Clone(want), 1, 2, 3)[:length]
	mustWrite(t, s, p, 0)
	if !bytes.Equal(p, want) || !bytes.Equal(p[:length+3][length:], []byte{1, 2, 3}) {
		t.Error("WriteAt changed the slice that it wrote from, or the memory after it")
	}

	bufs := cut(p, 5, 16384, 0, 100000, 333)
	before := append([][]byte(nil), bufs...)
	mustWriteVec(t, s, bufs, 0)
	if !bytes.Equal(p, want) {
		t.Error("WriteVecAt changed a buffer that it wrote from")
	}
	sameList(t, "WriteVecAt", bufs, before)

	bufs = cut(make([]byte, length), 7, 0, 30000, 16384)
	before = append([][]byte(nil), bufs...)
	if n, err := swarm.ReadVecAt(s, bufs, 0); n != length || err != nil {
		t.Fatalf("ReadVecAt: %d, %v", n, err)
	}
	sameList(t, "ReadVecAt", bufs, before)
	wantEqual(t, bytes.Join(bufs, nil), want, 0)
}

func sameList(t *testing.T, call string, got, want [][]byte) {
	t.Helper()
	for i := range want {
		if len(got[i]) != len(want[i]) || cap(got[i]) != cap(want[i]) || (len(got[i]) > 0 && &got[i][0] != &want[i][0]) {
			t.Errorf("%s changed entry %d of the list of buffers", call, i)
		}
	}
}

// wantReadAll fills p.
func wantReadAll(t testing.TB, s swarm.Storage, p []byte, off int64) {
	t.Helper()
	if n, err := swarm.ReadVecAt(s, [][]byte{p}, off); n != int64(len(p)) || err != nil {
		t.Fatalf("ReadVecAt of %d bytes at %d: %d, %v; want all and no error", len(p), off, n, err)
	}
}
