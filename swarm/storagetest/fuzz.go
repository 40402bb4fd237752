package storagetest

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"testing"

	"github.com/shoal-bt/shoal/swarm"
)

// Fuzz makes random calls on the storages that open makes and on a swarm.Memory, and
// compares the bytes that both return. open is as for RunPads; it may lay out the bytes
// between the pads as it likes.
func Fuzz(f *testing.F, open func(t *testing.T, length int64, pads []swarm.Span) swarm.Storage) {
	f.Add([]byte{40, 1, 0, 10, 3, 2, 0, 0, 1, 0, 10, 20})
	f.Add([]byte{200, 2, 5, 5, 20, 1, 3, 0, 100, 7, 1, 0, 50, 80, 2, 30, 9})
	f.Add([]byte{255, 3, 0, 1, 1, 1, 100, 100, 2, 0, 255, 16, 0, 0, 255, 4, 3, 9, 99, 1, 2, 0, 255, 3})
	f.Add(bytes.Repeat([]byte{99, 0, 3, 2}, 30))
	f.Fuzz(func(t *testing.T, script []byte) {
		r := reader(script)
		length := 1 + int64(r.next())*4
		pads := somePads(&r, length)
		s := open(t, length, pads)
		differ(t, &r, s, swarm.NewMemory(length, pads...), pads, length)
		if err := s.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
}

// A reader returns the bytes of a script one by one, then zeros.
type reader []byte

func (r *reader) next() byte {
	if len(*r) == 0 {
		return 0
	}
	b := (*r)[0]
	*r = (*r)[1:]
	return b
}

func somePads(r *reader, length int64) []swarm.Span {
	var pads []swarm.Span
	at := int64(0)
	for range r.next() % 4 {
		pad := swarm.Span{Offset: at + int64(r.next()), Length: 1 + int64(r.next())}
		if pad.End() > length {
			break
		}
		pads = append(pads, pad)
		at = pad.End() + 1
	}
	return pads
}

// differ makes the calls of the script on s and on model, and fails if they differ.
func differ(t *testing.T, r *reader, s, model swarm.Storage, pads []swarm.Span, length int64) {
	known := make([]bool, length) // written, or pad
	for _, pad := range pads {
		for i := range pad.Length {
			known[pad.Offset+i] = true
		}
	}
	for len(*r) > 0 {
		op := r.next()
		off := (int64(r.next())*4 + int64(op>>6)) % length
		n := min(int64(r.next())*4+int64(op>>4&3), length-off)
		size := 1 + int(r.next()%50)
		switch op % 5 {
		case 0, 1:
			p := pattern(uint64(len(*r)), n)
			if op%5 == 0 {
				mustWrite(t, s, p, off)
			} else {
				mustWriteVec(t, s, cut(p, size, 0), off)
			}
			mustWrite(t, model, p, off)
			for i := range n {
				known[off+i] = true
			}
		case 2, 3:
			got, want := bytes.Repeat([]byte{0xff}, int(n)), make([]byte, n)
			if n > 0 {
				wantReadAll(t, model, want, off)
			}
			var m int64
			var err error
			if op%5 == 2 {
				var k int
				k, err = s.ReadAt(got, off)
				m = int64(k)
			} else {
				m, err = swarm.ReadVecAt(s, cut(got, size, 0), off)
			}
			if op%5 == 3 && err == io.EOF && m == n {
				t.Fatalf("ReadVecAt of %d bytes at %d: all and %v; want no error", n, off, err)
			}
			wantRead(t, got, want, m, err, off, known)
		case 4:
			if err := swarm.Sync(s); err != nil {
				t.Fatalf("Sync: %v", err)
			}
		}
	}
}

// wantRead checks a read of got at off that returned n and err.
func wantRead(t *testing.T, got, want []byte, n int64, err error, off int64, known []bool) {
	t.Helper()
	switch {
	case n < 0 || n > int64(len(got)):
		t.Fatalf("read of %d bytes returned %d", len(got), n)
	case n == int64(len(got)):
		if err != nil && err != io.EOF {
			t.Fatalf("read of %d bytes at %d: all and %v", len(got), off, err)
		}
	case !errors.Is(err, fs.ErrNotExist):
		t.Fatalf("read of %d bytes at %d: %d, %v; want all, or fs.ErrNotExist", len(got), off, n, err)
	default:
		missing := false
		for _, k := range known[off : off+int64(len(got))] {
			missing = missing || !k
		}
		if !missing {
			t.Fatalf("read of %d bytes at %d, all written: %v", len(got), off, err)
		}
	}
	wantEqual(t, got[:n], want[:n], off)
}
