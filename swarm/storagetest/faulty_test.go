package storagetest

import (
	"errors"
	"io"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/shoal-bt/shoal/swarm"
)

// TestFaultyHidesNothing runs the suite on a Faulty without faults.
func TestFaultyHidesNothing(t *testing.T) {
	Run(t, func(_ *testing.T, length int64) swarm.Storage { return NewFaulty(swarm.NewMemory(length)) })
	RunPads(t, func(_ *testing.T, length int64, pads []swarm.Span) swarm.Storage {
		return NewFaulty(swarm.NewMemory(length, pads...))
	})
}

func TestFaultyFailsTheNthCall(t *testing.T) {
	f := NewFaulty(swarm.NewMemory(100))
	want := errors.New("broken")
	f.Fail(Write, 2, want)
	p := []byte{1, 2, 3}
	for i, expect := range []error{nil, want, nil} {
		if _, err := f.WriteAt(p, int64(10*i)); err != expect {
			t.Errorf("write %d: %v, want %v", i+1, err, expect)
		}
	}
	wantBytes(t, f, []byte{1, 2, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3}, 0)
	f.Fail(Sync, 0, want)
	for range 2 {
		if err := swarm.Sync(f); err != want {
			t.Errorf("Sync: %v", err)
		}
	}
	f.Heal()
	if err := swarm.Sync(f); err != nil {
		t.Errorf("Sync after Heal: %v", err)
	}
	if f.Calls(Write) != 3 || f.Calls(Sync) != 3 || f.Calls(Read) != 1 {
		t.Errorf("counted %d writes, %d syncs, %d reads", f.Calls(Write), f.Calls(Sync), f.Calls(Read))
	}
}

func TestFaultyCutsCalls(t *testing.T) {
	f := NewFaulty(swarm.NewMemory(100))
	f.Cut(Read, 1, 5, nil)
	if n, err := f.ReadAt(make([]byte, 10), 0); n != 5 || err != io.ErrUnexpectedEOF {
		t.Errorf("cut read: %d, %v", n, err)
	}
	f.Cut(Read, 1, 12, nil)
	if n, err := swarm.ReadVecAt(f, cut(make([]byte, 20), 8), 0); n != 12 || err != io.ErrUnexpectedEOF {
		t.Errorf("cut vectored read: %d, %v", n, err)
	}
	f.Cut(Write, 1, 9, nil)
	if n, err := swarm.WriteVecAt(f, cut(pattern(1, 20), 8), 0); n != 9 || err != io.ErrShortWrite {
		t.Errorf("cut vectored write: %d, %v", n, err)
	}
	wantBytes(t, f, append(pattern(1, 20)[:9:9], 0), 0)
}

func TestFaultyFills(t *testing.T) {
	f := NewFaulty(swarm.NewMemory(100))
	f.Fill(25)
	for _, want := range []struct {
		n   int
		err error
	}{{10, nil}, {10, nil}, {5, syscall.ENOSPC}, {0, syscall.ENOSPC}} {
		n, err := f.WriteAt(make([]byte, 10), 0)
		if n != want.n || !errors.Is(err, want.err) {
			t.Errorf("write: %d, %v; want %d, %v", n, err, want.n, want.err)
		}
	}
	f.Heal()
	mustWrite(t, f, make([]byte, 10), 0)
}

func TestFaultyDelaysAndBlocks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := NewFaulty(swarm.NewMemory(100))
		f.Delay(time.Minute)
		start := time.Now()
		mustWrite(t, f, []byte{1}, 0)
		if d := time.Since(start); d != time.Minute {
			t.Errorf("the write took %v", d)
		}
		f.Heal()
		release := f.Block(Write, Sync)
		done := make(chan struct{})
		go func() {
			if _, err := f.WriteAt([]byte{2}, 0); err != nil {
				t.Errorf("WriteAt: %v", err)
			}
			if err := f.Sync(); err != nil {
				t.Errorf("Sync: %v", err)
			}
			close(done)
		}()
		synctest.Wait()
		if f.Blocked() != 1 {
			t.Errorf("%d calls are blocked, want 1", f.Blocked())
		}
		wantBytes(t, f, []byte{1}, 0)
		release()
		release()
		<-done
		wantBytes(t, f, []byte{2}, 0)
		if err := f.Close(); err != nil || !f.Closed() {
			t.Errorf("Close: %v, closed: %v", err, f.Closed())
		}
	})
}

// TestFaultyPassesLanesOn asks for lanes while every call waits.
func TestFaultyPassesLanesOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := NewFaulty(swarm.NewMemory(100))
		if lane := f.WriteLane(7); lane >= 0 {
			t.Errorf("lane %d of a storage without lanes", lane)
		}
		f = NewFaulty(stripes{swarm.NewMemory(100)})
		release := f.Block()
		go f.WriteAt([]byte{1}, 0)
		synctest.Wait()
		if lane := f.WriteLane(swarm.BlockLen); lane != 1 {
			t.Errorf("lane %d, want 1", lane)
		}
		release()
	})
}
