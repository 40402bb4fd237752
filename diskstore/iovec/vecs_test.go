package iovec

import (
	"bytes"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

func buffers(sizes ...int) (bufs [][]byte, all []byte) {
	for _, n := range sizes {
		b := make([]byte, n)
		for i := range b {
			b[i] = byte(len(all) + i)
		}
		bufs = append(bufs, b)
		all = append(all, b...)
	}
	return bufs, all
}

func TestNextIsBounded(t *testing.T) {
	bufs, all := buffers(16, 16, 32, 8)
	for _, test := range []struct {
		name    string
		advance int64
		max     int64
		count   int
		want    []int // lengths
	}{
		{"all", 0, 72, 9, []int{16, 16, 32, 8}},
		{"more than all", 0, 1000, 9, []int{16, 16, 32, 8}},
		{"no bytes", 0, 0, 9, nil},
		{"no buffers", 0, 72, 0, nil},
		{"at a boundary", 0, 32, 9, []int{16, 16}},
		{"splits the first", 0, 5, 9, []int{5}},
		{"splits the third", 0, 42, 9, []int{16, 16, 10}},
		{"bounded in buffers", 0, 72, 2, []int{16, 16}},
		{"after some bytes", 5, 72, 9, []int{11, 16, 32, 8}},
		{"after some bytes, bounded in both", 5, 20, 2, []int{11, 9}},
		{"within one buffer", 33, 10, 9, []int{10}},
		{"after complete buffers", 32, 72, 9, []int{32, 8}},
		{"the last byte", 71, 72, 9, []int{1}},
		{"behind everything", 72, 72, 9, nil},
		{"after the end", 99, 72, 9, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			var v Vecs
			v.Reset(bufs)
			v.Advance(test.advance)
			got := v.Next(test.max, test.count)
			var sizes []int
			for _, b := range got {
				sizes = append(sizes, len(b))
			}
			require.Equal(t, test.want, sizes)
			haveFolder := bytes.Join(got, nil)
			from := min(test.advance, int64(len(all)))
			require.Equal(t, all[from:][:len(haveFolder)], append([]byte{}, haveFolder...))
		})
	}
}

// After a call that moved some bytes of a window, the next window starts after them, and
// a buffer that was split is complete again.
func TestAdvanceAfterAPartialCall(t *testing.T) {
	bufs, all := buffers(16, 16, 16)
	var v Vecs
	v.Reset(bufs)
	require.Len(t, v.Next(20, 9), 2)
	v.Advance(18)
	require.EqualValues(t, 30, v.Len())
	require.Equal(t, all[18:], bytes.Join(v.Next(100, 9), nil))
	v.Advance(30)
	require.Zero(t, v.Len())
	require.Empty(t, v.Next(100, 9))
}

func TestZero(t *testing.T) {
	bufs, all := buffers(5, 0, 5, 5)
	want := bytes.Clone(all)
	var v Vecs
	v.Reset(bufs)
	v.Advance(3)
	v.Zero(6)
	clear(want[3:9])
	require.Equal(t, want, bytes.Join(bufs, nil))
	require.EqualValues(t, 6, v.Len())
	v.Zero(100)
	clear(want[9:])
	require.Equal(t, want, bytes.Join(bufs, nil))
	require.Zero(t, v.Len())
}

func TestResetForgetsBuffers(t *testing.T) {
	bufs, _ := buffers(5, 5)
	var v Vecs
	v.Reset(bufs)
	v.Next(3, 1)
	v.Reset(nil)
	require.Zero(t, v.Len())
	require.Nil(t, v.window[:cap(v.window)][0])
}

func TestCallersListIsNotChanged(t *testing.T) {
	bufs, all := buffers(7, 9, 0, 20)
	before := append([][]byte(nil), bufs...)
	var v Vecs
	v.Reset(bufs)
	for v.Len() > 0 {
		v.Next(4, 2)
		v.Advance(3)
	}
	require.Equal(t, before, bufs)
	require.Equal(t, all, bytes.Join(bufs, nil))
}

func TestNoAllocations(t *testing.T) {
	bufs, _ := buffers(100, 100, 100, 100)
	var v Vecs
	v.Reset(bufs)
	v.Next(250, 9)
	require.Zero(t, testing.AllocsPerRun(100, func() {
		v.Reset(bufs)
		for v.Len() > 0 {
			v.Next(90, 3)
			v.Advance(77)
		}
	}))
}

// FuzzVecs advances over buffers in random steps and checks that every byte appears once
// and in order.
func FuzzVecs(f *testing.F) {
	f.Add(uint64(1), []byte{16, 16, 3})
	f.Add(uint64(2), []byte{0, 0, 1, 0, 200})
	f.Fuzz(func(t *testing.T, seed uint64, sizes []byte) {
		var counts []int
		for _, n := range sizes {
			counts = append(counts, int(n))
		}
		bufs, all := buffers(counts...)
		r := rand.New(rand.NewPCG(seed, 0))
		var v Vecs
		v.Reset(bufs)
		var got []byte
		for v.Len() > 0 {
			max, count := 1+r.Int64N(300), 1+r.IntN(5)
			window := v.Next(max, count)
			size := int64(0)
			for _, b := range window {
				size += int64(len(b))
			}
			if size < 1 || size > max || len(window) > count {
				t.Fatalf("window of %d bytes in %d buffers, asked for %d in %d", size, len(window), max, count)
			}
			part := bytes.Join(window, nil)[:1+r.Int64N(size)]
			got = append(got, part...)
			v.Advance(int64(len(part)))
		}
		if !bytes.Equal(got, all) {
			t.Fatalf("got %d bytes of %d, or not in order", len(got), len(all))
		}
	})
}

func BenchmarkVecs(b *testing.B) {
	bufs, _ := buffers(make([]int, 64)...)
	for i := range bufs {
		bufs[i] = make([]byte, 16<<10)
	}
	b.SetBytes(1 << 20)
	b.ReportAllocs()
	var v Vecs
	for b.Loop() {
		v.Reset(bufs)
		for v.Len() > 0 {
			v.Next(300000, 1024)
			v.Advance(300000)
		}
	}
}
