package storagetest

import (
	"bytes"
	"testing"

	"github.com/shoal-bt/shoal/swarm"
)

// cut returns p as a list of buffers of the given sizes, in turn, and repeated
// until p is used up. At least one size is above zero.
func cut(p []byte, sizes ...int) [][]byte {
	var bufs [][]byte
	for i := 0; len(p) > 0; i++ {
		n := min(sizes[i%len(sizes)], len(p))
		bufs = append(bufs, p[:n:n])
		p = p[n:]
	}
	return bufs
}

func mustWriteVec(t testing.TB, s swarm.Storage, bufs [][]byte, off int64) {
	t.Helper()
	want := int64(0)
	for _, b := range bufs {
		want += int64(len(b))
	}
	n, err := swarm.WriteVecAt(s, bufs, off)
	if n != want || err != nil {
		t.Fatalf("WriteVecAt of %d bytes in %d buffers at %d: %d, %v; want all and no error", want, len(bufs), off, n, err)
	}
}

// vectors: a list of buffers is written and read as one run of bytes.
func vectors(t *testing.T, s swarm.Storage, length int64) {
	for i, sizes := range [][]int{
		{swarm.BlockLen},
		{1, 2, 3, 5000},
		{0, 0, 99999, 0, 1},
		{oddLength},
		{100000, swarm.BlockLen, 1},
	} {
		want := pattern(uint64(20+i), length)
		mustWriteVec(t, s, cut(want, sizes...), 0)
		wantBytes(t, s, want, 0)
		p := make([]byte, length-2)
		if n, err := swarm.ReadVecAt(s, cut(p, 3, 70000, 0, 16384), 1); n != length-2 || err != nil {
			t.Fatalf("ReadVecAt of %d bytes at 1: %d, %v", length-2, n, err)
		}
		wantEqual(t, p, want[1:length-1], 1)
	}
	part := pattern(30, 50000)
	mustWriteVec(t, s, cut(part, 16384), 1234)
	wantBytes(t, s, part, 1234)
}

// manyVectors: a list may have any number of buffers, also more than one system call
// takes.
func manyVectors(t *testing.T, s swarm.Storage, length int64) {
	const many = 5000
	want := pattern(31, 3*many+1)
	mustWriteVec(t, s, cut(want, 3), 500)
	wantBytes(t, s, want, 500)
	p := bytes.Repeat([]byte{0xff}, len(want))
	if n, err := swarm.ReadVecAt(s, cut(p, 2, 0, 1), 500); n != int64(len(p)) || err != nil {
		t.Fatalf("ReadVecAt of %d bytes: %d, %v", len(p), n, err)
	}
	wantEqual(t, p, want, 500)
}
