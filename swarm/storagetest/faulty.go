package storagetest

import (
	"io"
	"sync"
	"syscall"
	"time"

	"github.com/shoal-bt/shoal/swarm"
)

// An Op is a kind of call on a storage, vectored or not.
type Op uint8

// The kinds of calls that a Faulty can break.
const (
	Read Op = iota
	Write
	Sync
	ops
)

// String returns the name of the call.
func (o Op) String() string {
	switch o {
	case Read:
		return "read"
	case Write:
		return "write"
	case Sync:
		return "sync"
	}
	return "unknown"
}

// A Faulty is a Storage that hands calls on to another one, and breaks them as
// it was told. It can do all that a Storage may do besides, with the helpers of
// swarm, so wrapping hides nothing. Faults can be set at any time, also while
// calls are under way.
type Faulty struct {
	storage swarm.Storage

	mu      sync.Mutex
	calls   [ops]int
	faults  [ops][]fault
	gates   [ops]chan struct{} // closed when calls may go on; nil if they may
	delay   time.Duration
	full    bool  // whether left is heeded
	left    int64 // bytes that may still be written
	blocked int
	closed  bool
}

// A fault breaks one call, or all from one on.
type fault struct {
	call  int  // the call, counted from the first
	every bool // and all after it
	after int64
	err   error
}

var (
	_ swarm.Storage      = (*Faulty)(nil)
	_ swarm.VectorReader = (*Faulty)(nil)
	_ swarm.VectorWriter = (*Faulty)(nil)
	_ swarm.Syncer       = (*Faulty)(nil)
	_ swarm.Idler        = (*Faulty)(nil)
)

// NewFaulty returns a Faulty on s that breaks nothing yet.
func NewFaulty(s swarm.Storage) *Faulty { return &Faulty{storage: s} }

// Fail makes the nth call of a kind from now fail with err before it does
// anything; 1 is the next. Zero means each call from now on.
func (f *Faulty) Fail(op Op, n int, err error) { f.Cut(op, n, 0, err) }

// Cut makes the nth call of a kind from now move at most so many bytes, and fail
// with err then. Zero means each call from now on. If err is nil, a read fails
// with io.ErrUnexpectedEOF, and a write with io.ErrShortWrite.
func (f *Faulty) Cut(op Op, n int, bytes int64, err error) {
	if err == nil {
		err = io.ErrShortWrite
		if op == Read {
			err = io.ErrUnexpectedEOF
		}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.faults[op] = append(f.faults[op], fault{call: f.calls[op] + max(n, 1), every: n == 0, after: bytes, err: err})
}

// Fill makes the disk full after so many more bytes: a write is cut there, and it
// and all later ones fail with syscall.ENOSPC.
func (f *Faulty) Fill(bytes int64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.full, f.left = true, bytes
}

// Delay makes every call take so much longer. In a synctest bubble that takes no
// real time.
func (f *Faulty) Delay(d time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.delay = d
}

// Block makes calls of some kinds wait until release is called, all kinds if
// none is named. Calls that wait then go on.
func (f *Faulty) Block(kinds ...Op) (release func()) {
	if len(kinds) == 0 {
		kinds = []Op{Read, Write, Sync}
	}
	gate := make(chan struct{})
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, op := range kinds {
		f.gates[op] = gate
	}
	return sync.OnceFunc(func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		for op := range f.gates {
			if f.gates[op] == gate {
				f.gates[op] = nil
			}
		}
		close(gate)
	})
}

// Heal takes back all of Fail, Cut, Fill and Delay. Calls that wait go on waiting.
func (f *Faulty) Heal() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.faults = [ops][]fault{}
	f.full, f.delay = false, 0
}

// Idle tells the storage below; it cannot fail.
func (f *Faulty) Idle() { swarm.Idle(f.storage) }

// Calls returns how many calls of a kind were made so far, failed ones included.
func (f *Faulty) Calls(op Op) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.calls[op]
}

// Blocked returns how many calls wait for release now.
func (f *Faulty) Blocked() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.blocked
}

// Closed reports whether Close was called.
func (f *Faulty) Closed() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.closed
}

// enter counts a call, holds it up as told, and returns how many of its n bytes
// it may move, and the error that it ends with if that is not all or n is zero.
func (f *Faulty) enter(op Op, n int64) (int64, error) {
	f.mu.Lock()
	f.calls[op]++
	call, gate, delay := f.calls[op], f.gates[op], f.delay
	if gate != nil {
		f.blocked++
		f.mu.Unlock()
		<-gate
		f.mu.Lock()
		f.blocked--
	}
	defer f.mu.Unlock()
	if delay > 0 {
		f.mu.Unlock()
		time.Sleep(delay)
		f.mu.Lock()
	}
	var err error
	for _, x := range f.faults[op] {
		if (x.call == call || (x.every && x.call < call)) && x.after <= n {
			n, err = x.after, x.err
		}
	}
	if op == Write && f.full {
		if n > f.left {
			n, err = f.left, syscall.ENOSPC
		}
		f.left -= n
	}
	return n, err
}

// ReadAt reads as the storage does, but for faults.
func (f *Faulty) ReadAt(p []byte, off int64) (int, error) {
	n, fault := f.enter(Read, int64(len(p)))
	if fault == nil {
		return f.storage.ReadAt(p, off)
	}
	m, err := f.storage.ReadAt(p[:n], off)
	if err != nil && int64(m) < n {
		return m, err
	}
	return m, fault
}

// WriteAt writes as the storage does, but for faults.
func (f *Faulty) WriteAt(p []byte, off int64) (int, error) {
	n, fault := f.enter(Write, int64(len(p)))
	if fault == nil {
		return f.storage.WriteAt(p, off)
	}
	m, err := f.storage.WriteAt(p[:n], off)
	if err != nil {
		return m, err
	}
	return m, fault
}

// ReadVecAt reads as the storage does, but for faults.
func (f *Faulty) ReadVecAt(bufs [][]byte, off int64) (int64, error) {
	n, fault := f.enter(Read, size(bufs))
	if fault == nil {
		return swarm.ReadVecAt(f.storage, bufs, off)
	}
	m, err := swarm.ReadVecAt(f.storage, first(bufs, n), off)
	if err != nil {
		return m, err
	}
	return m, fault
}

// WriteVecAt writes as the storage does, but for faults.
func (f *Faulty) WriteVecAt(bufs [][]byte, off int64) (int64, error) {
	n, fault := f.enter(Write, size(bufs))
	if fault == nil {
		return swarm.WriteVecAt(f.storage, bufs, off)
	}
	m, err := swarm.WriteVecAt(f.storage, first(bufs, n), off)
	if err != nil {
		return m, err
	}
	return m, fault
}

// Sync syncs as the storage does, but for faults.
func (f *Faulty) Sync() error {
	if _, err := f.enter(Sync, 0); err != nil {
		return err
	}
	return swarm.Sync(f.storage)
}

// Close closes the storage.
func (f *Faulty) Close() error {
	f.mu.Lock()
	f.closed = true
	f.mu.Unlock()
	return f.storage.Close()
}

func size(bufs [][]byte) (n int64) {
	for _, b := range bufs {
		n += int64(len(b))
	}
	return n
}

// first returns the first n bytes of bufs.
func first(bufs [][]byte, n int64) [][]byte {
	var out [][]byte
	for _, b := range bufs {
		b = b[:min(int64(len(b)), n)]
		out = append(out, b)
		n -= int64(len(b))
	}
	return out
}
