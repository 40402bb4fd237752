// Package lazystorage is the Storage of a torrent whose files are closed while nobody uses
// them.
//
// In come the calls of the engine, an [Owner] that opens the files, and orders to close them;
// out go calls of what is open, saves that follow from them, and errors that say what could
// not be done. Not here: when a torrent becomes idle, and what is recorded.
package lazystorage

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"sync"
	"sync/atomic"

	"github.com/shoal-bt/shoal/client/internal/recorder"
	"github.com/shoal-bt/shoal/swarm"
)

// An Error says that a torrent's content could not be read or stored. It wraps
// the storage's own error, such as a *diskstore.Error.
type Error struct {
	Op  string // "open", "read", "write", "sync", "close" or "remove"
	Err error
}

// Error returns the operation and the cause.
func (e *Error) Error() string { return e.Op + ": " + e.Err.Error() }

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// ErrReadOnly says that content is to be written to that is only shared.
var ErrReadOnly = errors.New("the content is shared and must not be written to")

// errIdle says that what is needed is closed and could not be opened.
var errIdle = errors.New("the storage is closed")

// errNoRemove is the error for a storage without a method Remove.
var errNoRemove = fmt.Errorf("the storage cannot delete its content: %w", errors.ErrUnsupported)

// A Handle is what is open of a torrent that is not idle.
type Handle struct {
	swarm.Storage
	Recorder *recorder.Recorder // nil if nothing is remembered
}

// An Owner is the torrent of a Storage, which decides at the turning points of its life. Its
// methods must not use the Storage, except for Started.
type Owner interface {
	// Open opens what Suspend closed. willCheck says that all pieces are about to be
	// checked, so that missing files are no error. No call of the Storage is under way.
	Open(willCheck bool) (*Handle, error)

	// Idle is called in a turn of the engine when nobody uses what is open, so it must
	// not block.
	Idle()

	// Sync and Complete make what was written last, and look whether it is right. Note
	// gets the error of a write, which may be nil, and returns it.
	Sync(swarm.Storage) error
	Complete(swarm.Storage) error
	Note(error) error
}

// A Config says what a Storage may do.
type Config struct {
	// ReadOnly means that writes fail and nothing is synced.
	ReadOnly bool

	// StaysOpen means that Owner.Open cannot open it again, so that it is never idle.
	StaysOpen bool
}

// A Storage is a torrent's Storage, as the engine sees it. It schedules a save
// after each write, and wraps errors in an Error. It has every optional ability
// that the engine uses. While the torrent is idle nothing is open, and the first read
// or write opens it again.
//
// These use what is open, and what ends them is:
//
//   - a call of the engine, between acquire and mu.RUnlock. Closing holds mu.
//   - a save of the record, while saveMu of the recorder is held. Recorder.Stop waits for
//     it, and no save follows.
//   - Suspend and the last save of the record. The client calls one at a time.
//   - Delete, after Close.
//
// Its methods may be called concurrently, except for these.
type Storage struct {
	owner        Owner
	config       Config
	started      atomic.Bool // the engine has the torrent, so records can be saved
	idleReported atomic.Bool // Idle was called, perhaps before that

	mu     sync.RWMutex // guards what follows; read-locked by calls, locked to open and close
	closed bool         // for good
	open   *Handle      // nil while the torrent is idle
}

var (
	_ swarm.VectorReader = (*Storage)(nil)
	_ swarm.VectorWriter = (*Storage)(nil)
	_ swarm.WriteLaner   = (*Storage)(nil)
	_ swarm.Syncer       = (*Storage)(nil)
	_ swarm.Completer    = (*Storage)(nil)
	_ swarm.Idler        = (*Storage)(nil)
)

// New makes a Storage of which nothing is open.
func New(o Owner, c Config) *Storage { return &Storage{owner: o, config: c} }

// SetOpen gives the Storage what is open from the start. It is called before anything else.
func (l *Storage) SetOpen(h *Handle) { l.open = h }

// Wrap returns err as an Error. The engine branches on some errors, so these
// stay as they are.
func Wrap(op string, err error) error {
	var already *Error
	missing := op == "read" && errors.Is(err, fs.ErrNotExist)
	if err == nil || err == io.EOF || err == io.ErrUnexpectedEOF || missing || errors.As(err, &already) {
		return err
	}
	return &Error{op, err}
}

// acquire returns what is open, and opens it first if the torrent is idle. Without an
// error the caller calls mu.RUnlock when it is done.
func (l *Storage) acquire() (*Handle, error) {
	for {
		l.mu.RLock()
		if l.open != nil {
			return l.open, nil
		}
		l.mu.RUnlock()
		if err := l.Reopen(false); err != nil {
			return nil, err
		}
	}
}

// acquireToWrite is acquire for a write.
func (l *Storage) acquireToWrite() (*Handle, error) {
	if l.config.ReadOnly {
		return nil, ErrReadOnly
	}
	return l.acquire()
}

// Current returns what is open, or nil while the torrent is idle.
func (l *Storage) Current() *Handle {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return l.open
}

// StartSaving lets records be saved: from now on the engine can be asked what is held.
// Reopen reads started after it opened a recorder, so one of the two starts it. In the
// same way Idle reads started after it set idleReported.
func (l *Storage) StartSaving() {
	l.started.Store(true)
	if o := l.Current(); o != nil {
		o.Recorder.Start()
	}
	if l.idleReported.Load() {
		l.Idle()
	}
}

// ScheduleSave schedules a save of what is held by then.
func (l *Storage) ScheduleSave() {
	if o := l.Current(); o != nil {
		o.Recorder.ScheduleSave()
	}
}

// Started reports whether the engine has the torrent, so that it can be asked what is held.
func (l *Storage) Started() bool { return l.started.Load() }

// Idle is called in a turn of the engine, so it must not block.
func (l *Storage) Idle() {
	if l.config.StaysOpen {
		swarm.Idle(l.open.Storage)
		return
	}
	l.idleReported.Store(true)
	if !l.started.Load() {
		return // StartSaving calls Idle again
	}
	if !l.mu.TryRLock() {
		return // it is being opened or closed
	}
	open := l.open != nil
	l.mu.RUnlock()
	if open {
		l.owner.Idle()
	}
}

// Suspend closes what is open, without its record, if ready agrees. No call is under way
// meanwhile, and none begins. closed gets the error and closes the record.
func (l *Storage) Suspend(ready func(*Handle) bool, closed func(*Handle, error)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.open == nil || l.closed || !ready(l.open) {
		return
	}
	closed(l.open, Wrap("close", l.open.Close()))
	l.open = nil
}

// Reopen opens what Suspend closed. willCheck says that the caller is going to check all
// pieces, so that missing files are no error.
func (l *Storage) Reopen(willCheck bool) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.open != nil:
		return nil
	case l.closed:
		return fs.ErrClosed
	}
	o, err := l.owner.Open(willCheck)
	if err != nil {
		return err
	}
	l.open = o
	if l.started.Load() {
		o.Recorder.Start()
	}
	return nil
}

// ReadAt reads what is held.
func (l *Storage) ReadAt(p []byte, off int64) (int, error) {
	o, err := l.acquire()
	if err != nil {
		return 0, Wrap("read", err)
	}
	defer l.mu.RUnlock()
	n, err := o.ReadAt(p, off)
	return n, Wrap("read", err)
}

// ReadVecAt is ReadAt into several buffers.
func (l *Storage) ReadVecAt(bufs [][]byte, off int64) (int64, error) {
	o, err := l.acquire()
	if err != nil {
		return 0, Wrap("read", err)
	}
	defer l.mu.RUnlock()
	n, err := swarm.ReadVecAt(o.Storage, bufs, off)
	return n, Wrap("read", err)
}

// WriteAt writes, unless the Storage is read-only.
func (l *Storage) WriteAt(p []byte, off int64) (int, error) {
	o, err := l.acquireToWrite()
	if err != nil {
		return 0, Wrap("write", err)
	}
	defer l.mu.RUnlock()
	n, err := o.WriteAt(p, off)
	if err == nil {
		o.Recorder.ScheduleSave()
	}
	return n, l.owner.Note(Wrap("write", err))
}

// WriteVecAt is WriteAt from several buffers.
func (l *Storage) WriteVecAt(bufs [][]byte, off int64) (int64, error) {
	o, err := l.acquireToWrite()
	if err != nil {
		return 0, Wrap("write", err)
	}
	defer l.mu.RUnlock()
	n, err := swarm.WriteVecAt(o.Storage, bufs, off)
	if err == nil {
		o.Recorder.ScheduleSave()
	}
	return n, l.owner.Note(Wrap("write", err))
}

// WriteLane returns no lane while the torrent is idle, or is being opened or closed,
// because it must not wait.
func (l *Storage) WriteLane(off int64) int {
	if !l.mu.TryRLock() {
		return -1
	}
	defer l.mu.RUnlock()
	if l.open == nil {
		return -1
	}
	return swarm.WriteLane(l.open.Storage, off)
}

// Sync syncs what is open. What is closed was synced before, and what is only read was not
// written.
func (l *Storage) Sync() error {
	if l.config.ReadOnly {
		return nil
	}
	l.mu.RLock()
	defer l.mu.RUnlock()
	if l.open == nil {
		return nil
	}
	return l.owner.Sync(l.open.Storage)
}

// Complete finishes the content when every piece is held, unless it is somebody else's.
func (l *Storage) Complete() error {
	if l.config.ReadOnly {
		return nil
	}
	o, err := l.acquire()
	if err != nil {
		return Wrap("sync", err)
	}
	defer l.mu.RUnlock()
	o.Recorder.ScheduleAgain()
	return l.owner.Complete(o.Storage)
}

// Close closes what is open, for good.
func (l *Storage) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closed = true
	if l.open == nil {
		return nil
	}
	return Wrap("close", l.open.Close())
}

// AbandonRecord closes the record of a torrent that the engine refused.
func (l *Storage) AbandonRecord() error {
	o := l.Current()
	if o == nil {
		return nil
	}
	return o.Recorder.Abandon()
}

// Delete deletes what the storage made. It must be closed but not idle,
// because only an open storage knows what it made.
func (l *Storage) Delete() error {
	o := l.Current()
	if o == nil {
		return &Error{"remove", errIdle}
	}
	r, ok := o.Storage.(interface{ Remove() error })
	if !ok {
		return &Error{"remove", errNoRemove}
	}
	if err := r.Remove(); err != nil {
		return &Error{"remove", err}
	}
	return nil
}
