package swarm_test

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/shoal-bt/shoal/swarm"
)

// A plain reader and writer has none of the optional abilities.
type plain struct {
	m     *swarm.Memory
	calls int
	fail  int // the call that fails, counted from 1
}

var errFail = errors.New("it fails")

func (p *plain) ReadAt(b []byte, off int64) (int, error) {
	if p.calls++; p.calls == p.fail {
		n, _ := p.m.ReadAt(b[:len(b)/2], off)
		return n, errFail
	}
	return p.m.ReadAt(b, off)
}

func (p *plain) WriteAt(b []byte, off int64) (int, error) {
	if p.calls++; p.calls == p.fail {
		n, _ := p.m.WriteAt(b[:len(b)/2], off)
		return n, errFail
	}
	return p.m.WriteAt(b, off)
}

// An able one has them all.
type able struct {
	plain
	reads, writes, syncs, idles int
}

func (a *able) ReadVecAt(bufs [][]byte, off int64) (int64, error) {
	a.reads++
	return 7, errFail
}

func (a *able) WriteVecAt(bufs [][]byte, off int64) (int64, error) {
	a.writes++
	return 8, errFail
}

func (a *able) WriteLane(off int64) int { return int(off) + 10 }

func (a *able) Sync() error {
	a.syncs++
	return errFail
}

func (a *able) Idle() { a.idles++ }

func TestVectorsOneByOne(t *testing.T) {
	m := swarm.NewMemory(20)
	s := &plain{m: m}
	bufs := [][]byte{[]byte("abc"), nil, []byte("defgh"), []byte("i")}
	if n, err := swarm.WriteVecAt(s, bufs, 4); n != 9 || err != nil {
		t.Fatalf("wrote %d, %v", n, err)
	}
	got := [][]byte{make([]byte, 5), make([]byte, 0), make([]byte, 4)}
	if n, err := swarm.ReadVecAt(s, got, 4); n != 9 || err != nil {
		t.Fatalf("read %d, %v", n, err)
	}
	if all := string(bytes.Join(got, nil)); all != "abcdefghi" {
		t.Errorf("read %q", all)
	}
	if len(bufs) != 4 || string(bufs[0]) != "abc" {
		t.Errorf("the caller's slice was changed: %q", bufs)
	}
}

func TestVectorsStopAtAnError(t *testing.T) {
	bufs := [][]byte{make([]byte, 3), make([]byte, 4), make([]byte, 5)}
	if n, err := swarm.WriteVecAt(&plain{m: swarm.NewMemory(20), fail: 2}, bufs, 0); n != 5 || !errors.Is(err, errFail) {
		t.Errorf("wrote %d, %v, want 5 and the error of the second call", n, err)
	}
	if n, err := swarm.ReadVecAt(&plain{m: swarm.NewMemory(20), fail: 2}, bufs, 0); n != 5 || !errors.Is(err, errFail) {
		t.Errorf("read %d, %v, want 5 and the error of the second call", n, err)
	}
	if n, err := swarm.ReadVecAt(strings.NewReader("12345"), bufs, 0); n != 5 || !errors.Is(err, io.EOF) {
		t.Errorf("read %d, %v, want 5 and io.EOF", n, err)
	}
}

// io.ReaderAt may return io.EOF along with the last bytes there are.
func TestReadToTheEnd(t *testing.T) {
	bufs := [][]byte{make([]byte, 3), make([]byte, 2)}
	if n, err := swarm.ReadVecAt(eofReader{}, bufs, 0); n != 5 || err != nil {
		t.Errorf("read %d, %v, want 5 and no error", n, err)
	}
	if n, err := swarm.ReadVecAt(shortReader{}, bufs, 0); n != 1 || !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("read %d, %v, want 1 and io.ErrUnexpectedEOF", n, err)
	}
}

// An eofReader always fills what it is given, and says that this was all.
type eofReader struct{}

func (eofReader) ReadAt(p []byte, _ int64) (int, error) { return len(p), io.EOF }

// A shortReader breaks the rule of io.ReaderAt that less than all is an error.
type shortReader struct{}

func (shortReader) ReadAt(p []byte, _ int64) (int, error) { return 1, nil }

func TestAbilitiesAreUsed(t *testing.T) {
	a := &able{}
	if n, err := swarm.ReadVecAt(a, nil, 0); n != 7 || err != errFail || a.reads != 1 {
		t.Errorf("ReadVecAt: %d, %v, called %d times", n, err, a.reads)
	}
	if n, err := swarm.WriteVecAt(a, nil, 0); n != 8 || err != errFail || a.writes != 1 {
		t.Errorf("WriteVecAt: %d, %v, called %d times", n, err, a.writes)
	}
	if err := swarm.Sync(a); err != errFail || a.syncs != 1 {
		t.Errorf("Sync: %v, called %d times", err, a.syncs)
	}
	if err := swarm.Sync(&a.plain); err != nil {
		t.Errorf("Sync of a storage that is no Syncer: %v", err)
	}
	if lane := swarm.WriteLane(a, 5); lane != 15 {
		t.Errorf("WriteLane: %d, want 15", lane)
	}
	if lane := swarm.WriteLane(&a.plain, 5); lane >= 0 {
		t.Errorf("WriteLane of a storage that is no WriteLaner: %d, want a negative number", lane)
	}
	swarm.Idle(a)
	swarm.Idle(&a.plain)
	if a.idles != 1 {
		t.Errorf("Idle: called %d times", a.idles)
	}
}
