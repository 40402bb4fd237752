package client

import (
	"errors"
	"io"
	"io/fs"
	"sync"
	"sync/atomic"

	"github.com/shoal-bt/shoal/swarm"
)

// A lazyStorage is a torrent's Storage, as the engine sees it. It schedules a save
// after each write, and wraps errors in a StoreError. It has every optional ability
// that the engine uses. While the torrent is idle nothing is open, and the first read
// or write opens it again (see idle.go).
//
// These use what is open, and what ends them is:
//
//   - a call of the engine, between acquire and mu.RUnlock. Closing holds mu.
//   - a save of the record, while saveMu is held. recorder.stop waits for it, and no save
//     follows.
//   - becomeIdle and close, which hold lifecycle, so neither meets the other or Remove.
//   - Remove deletes the content after close, still holding lifecycle.
type lazyStorage struct {
	torrent      *Torrent
	started      atomic.Bool // the engine has the torrent, so records can be saved
	idleReported atomic.Bool // Idle was called, perhaps before that

	mu     sync.RWMutex // guards what follows; read-locked by calls, locked to open and close
	open   *handle      // nil while the torrent is idle
	closed bool         // for good
}

// A handle is what is open of a torrent that is not idle.
type handle struct {
	swarm.Storage
	recorder *recorder // nil if nothing is remembered
}

var (
	_ swarm.VectorReader = (*lazyStorage)(nil)
	_ swarm.VectorWriter = (*lazyStorage)(nil)
	_ swarm.WriteLaner   = (*lazyStorage)(nil)
	_ swarm.Syncer       = (*lazyStorage)(nil)
	_ swarm.Completer    = (*lazyStorage)(nil)
	_ swarm.Idler        = (*lazyStorage)(nil)
)

// storeError returns err as a StoreError. The engine branches on some errors, so these
// stay as they are.
func storeError(op string, err error) error {
	var already *StoreError
	missing := op == "read" && errors.Is(err, fs.ErrNotExist)
	if err == nil || err == io.EOF || err == io.ErrUnexpectedEOF || missing || errors.As(err, &already) {
		return err
	}
	return &StoreError{op, err}
}

// acquire returns what is open, and opens it first if the torrent is idle. Without an
// error the caller calls mu.RUnlock when it is done.
func (l *lazyStorage) acquire() (*handle, error) {
	for {
		l.mu.RLock()
		if l.open != nil {
			return l.open, nil
		}
		l.mu.RUnlock()
		if err := l.reopen(false); err != nil {
			return nil, err
		}
	}
}

// acquireToWrite is acquire for a write.
func (l *lazyStorage) acquireToWrite() (*handle, error) {
	if l.torrent.readOnly {
		return nil, ErrReadOnly
	}
	return l.acquire()
}

// current returns what is open, or nil while the torrent is idle.
func (l *lazyStorage) current() *handle {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return l.open
}

// startSaving lets records be saved: from now on the engine can be asked what is held.
// reopen reads started after it opened a recorder, so one of the two starts it. In the
// same way Idle reads started after it set idleReported.
func (l *lazyStorage) startSaving() {
	l.started.Store(true)
	if o := l.current(); o != nil {
		o.recorder.start()
	}
	if l.idleReported.Load() {
		l.Idle()
	}
}

// scheduleSave schedules a save of what is held by then.
func (l *lazyStorage) scheduleSave() {
	if o := l.current(); o != nil {
		o.recorder.scheduleSave()
	}
}

func (l *lazyStorage) ReadAt(p []byte, off int64) (int, error) {
	o, err := l.acquire()
	if err != nil {
		return 0, storeError("read", err)
	}
	defer l.mu.RUnlock()
	n, err := o.ReadAt(p, off)
	return n, storeError("read", err)
}

func (l *lazyStorage) ReadVecAt(bufs [][]byte, off int64) (int64, error) {
	o, err := l.acquire()
	if err != nil {
		return 0, storeError("read", err)
	}
	defer l.mu.RUnlock()
	n, err := swarm.ReadVecAt(o.Storage, bufs, off)
	return n, storeError("read", err)
}

func (l *lazyStorage) WriteAt(p []byte, off int64) (int, error) {
	o, err := l.acquireToWrite()
	if err != nil {
		return 0, storeError("write", err)
	}
	defer l.mu.RUnlock()
	n, err := o.WriteAt(p, off)
	if err == nil {
		o.recorder.scheduleSave()
	}
	return n, l.torrent.noteContentError(storeError("write", err))
}

func (l *lazyStorage) WriteVecAt(bufs [][]byte, off int64) (int64, error) {
	o, err := l.acquireToWrite()
	if err != nil {
		return 0, storeError("write", err)
	}
	defer l.mu.RUnlock()
	n, err := swarm.WriteVecAt(o.Storage, bufs, off)
	if err == nil {
		o.recorder.scheduleSave()
	}
	return n, l.torrent.noteContentError(storeError("write", err))
}

// WriteLane returns no lane while the torrent is idle, or is being opened or closed,
// because it must not wait.
func (l *lazyStorage) WriteLane(off int64) int {
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
func (l *lazyStorage) Sync() error {
	if l.torrent.readOnly {
		return nil
	}
	l.mu.RLock()
	defer l.mu.RUnlock()
	if l.open == nil {
		return nil
	}
	return l.torrent.syncContent(l.open.Storage)
}

// Complete finishes the content when every piece is held, unless it is somebody else's.
func (l *lazyStorage) Complete() error {
	if l.torrent.readOnly {
		return nil
	}
	o, err := l.acquire()
	if err != nil {
		return storeError("sync", err)
	}
	defer l.mu.RUnlock()
	o.recorder.scheduleAgain()
	return l.torrent.completeContent(o.Storage)
}

// Close closes what is open, for good.
func (l *lazyStorage) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closed = true
	if l.open == nil {
		return nil
	}
	return storeError("close", l.open.Close())
}

// closeRecord closes the record of a torrent that the engine refused.
func (l *lazyStorage) closeRecord() error {
	o := l.current()
	if o == nil || o.recorder == nil {
		return nil
	}
	return o.recorder.keeper.Close(nil)
}

// deleteContent deletes what the storage made. It must be closed but not idle,
// because only an open storage knows what it made.
func (l *lazyStorage) deleteContent() error {
	o := l.current()
	if o == nil {
		return &StoreError{"remove", errIdle}
	}
	r, ok := o.Storage.(interface{ Remove() error })
	if !ok {
		return &StoreError{"remove", errNoRemove}
	}
	if err := r.Remove(); err != nil {
		return &StoreError{"remove", err}
	}
	return nil
}
