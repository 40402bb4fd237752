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

// A Faulty is a Storage that passes calls to another one and makes chosen ones fail. It
// has every optional ability, and passes those on with the helpers of swarm. Its methods
// may be called from many goroutines at once, also while calls are under way.
type Faulty struct {
	storage swarm.Storage

	mu      sync.Mutex
	calls   [ops]int
	faults  [ops][]fault
	gates   [ops]chan struct{} // closed by release; nil if calls need not wait
	delay   time.Duration
	full    bool  // Fill was called
	left    int64 // bytes that may still be written
	blocked int
	closed  bool
}

// A fault makes one call fail, or one and all after it.
type fault struct {
	call  int   // number of the call; the first is 1
	every bool  // all later calls fail too
	after int64 // bytes that the call moves before it fails
	err   error
}

var (
	_ swarm.Storage      = (*Faulty)(nil)
	_ swarm.VectorReader = (*Faulty)(nil)
	_ swarm.VectorWriter = (*Faulty)(nil)
	_ swarm.WriteLaner   = (*Faulty)(nil)
	_ swarm.Syncer       = (*Faulty)(nil)
	_ swarm.Idler        = (*Faulty)(nil)
)

// NewFaulty returns a Faulty on s that makes no call fail yet. It owns s.
func NewFaulty(s swarm.Storage) *Faulty { return &Faulty{storage: s} }

// Fail makes the nth call of a kind from now fail with err before it does
// anything; 1 is the next. Zero means each call from now on.
func (f *Faulty) Fail(op Op, n int, err error) { f.Cut(op, n, 0, err) }

// Cut makes the nth call of a kind from now move at most the given number of bytes, and
// then fail with err; 1 is the next call, and zero means each call from now on. If err is
// nil, a read fails with io.ErrUnexpectedEOF, and a write with io.ErrShortWrite.
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

// Fill makes the disk full after the given number of bytes: the write that reaches it is
// cut there, and it and all later ones fail with syscall.ENOSPC.
func (f *Faulty) Fill(bytes int64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.full, f.left = true, bytes
}

// Delay makes every call take longer by d. In a synctest bubble that takes no real time.
func (f *Faulty) Delay(d time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.delay = d
}

// Block makes calls of the given kinds wait until release is called; without kinds, all
// calls wait.
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

// Heal ends the effects of Fail, Cut, Fill and Delay. Calls that wait because of Block
// keep waiting.
func (f *Faulty) Heal() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.faults = [ops][]fault{}
	f.full, f.delay = false, 0
}

// Idle passes the call on. It cannot be made to fail.
func (f *Faulty) Idle() { swarm.Idle(f.storage) }

// WriteLane passes the call on; without a WriteLaner no write has a lane. It cannot be
// made to fail.
func (f *Faulty) WriteLane(off int64) int { return swarm.WriteLane(f.storage, off) }

// Calls returns how many calls of a kind were made, including failed ones.
func (f *Faulty) Calls(op Op) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.calls[op]
}

// Blocked returns how many calls wait because of Block now.
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

// begin counts a call and delays it as Block and Delay say. It returns how many of its n
// bytes the call may move, and the error with which it must fail, or nil.
func (f *Faulty) begin(op Op, n int64) (int64, error) {
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

// ReadAt passes the call on, unless it must fail.
func (f *Faulty) ReadAt(p []byte, off int64) (int, error) {
	n, fault := f.begin(Read, int64(len(p)))
	if fault == nil {
		return f.storage.ReadAt(p, off)
	}
	m, err := f.storage.ReadAt(p[:n], off)
	if err != nil && int64(m) < n {
		return m, err
	}
	return m, fault
}

// WriteAt passes the call on, unless it must fail.
func (f *Faulty) WriteAt(p []byte, off int64) (int, error) {
	n, fault := f.begin(Write, int64(len(p)))
	if fault == nil {
		return f.storage.WriteAt(p, off)
	}
	m, err := f.storage.WriteAt(p[:n], off)
	if err != nil {
		return m, err
	}
	return m, fault
}

// ReadVecAt passes the call on, unless it must fail.
func (f *Faulty) ReadVecAt(bufs [][]byte, off int64) (int64, error) {
	n, fault := f.begin(Read, size(bufs))
	if fault == nil {
		return swarm.ReadVecAt(f.storage, bufs, off)
	}
	m, err := swarm.ReadVecAt(f.storage, first(bufs, n), off)
	if err != nil {
		return m, err
	}
	return m, fault
}

// WriteVecAt passes the call on, unless it must fail.
func (f *Faulty) WriteVecAt(bufs [][]byte, off int64) (int64, error) {
	n, fault := f.begin(Write, size(bufs))
	if fault == nil {
		return swarm.WriteVecAt(f.storage, bufs, off)
	}
	m, err := swarm.WriteVecAt(f.storage, first(bufs, n), off)
	if err != nil {
		return m, err
	}
	return m, fault
}

// Sync passes the call on, unless it must fail.
func (f *Faulty) Sync() error {
	if _, err := f.begin(Sync, 0); err != nil {
		return err
	}
	return swarm.Sync(f.storage)
}

// Close closes the storage. It cannot be made to fail.
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
