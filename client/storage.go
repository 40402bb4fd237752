package client

import (
	"errors"
	"io"
	"io/fs"
	"sync"

	"github.com/shoal-bt/shoal/swarm"
)

// A lazyStorage is a torrent's storage, with a note of each write and a name for each
// error. It hides nothing that the engine makes use of. While the torrent is at
// rest it is closed, see rest.go; the first call opens it.
type lazyStorage struct {
	torrent *Torrent // nil if it is never at rest

	begun  sync.Mutex   // held until the engine has the torrent
	mu     sync.RWMutex // held for reading by calls, for writing by wake and rest
	open   *openStorage // nil while the torrent is at rest
	closed bool
}

// What is openStorage of a torrent while it is not at rest.
type openStorage struct {
	swarm.Storage
	recorder *recorder // nil if nothing is remembered
}

var (
	_ swarm.VectorReader = (*lazyStorage)(nil)
	_ swarm.VectorWriter = (*lazyStorage)(nil)
	_ swarm.Syncer       = (*lazyStorage)(nil)
	_ swarm.Idler        = (*lazyStorage)(nil)
)

// storeError returns err as a StoreError. What readers branch on stays as it is.
func storeError(op string, err error) error {
	var already *StoreError
	if err == nil || err == io.EOF || err == io.ErrUnexpectedEOF || errors.Is(err, fs.ErrNotExist) && op == "read" || errors.As(err, &already) {
		return err
	}
	return &StoreError{op, err}
}

// acquire returns what is open, and opens it first if need be. Without an error the
// caller calls mu.RUnlock.
func (l *lazyStorage) acquire() (*openStorage, error) {
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

// current returns what is open, nil while the torrent is at rest.
func (l *lazyStorage) current() *openStorage {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return l.open
}

// scheduleSave has the recorder look soon at what is held.
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
	o, err := l.acquire()
	if err != nil {
		return 0, storeError("write", err)
	}
	defer l.mu.RUnlock()
	n, err := o.WriteAt(p, off)
	if err == nil {
		o.recorder.scheduleSave()
	}
	return n, storeError("write", err)
}

func (l *lazyStorage) WriteVecAt(bufs [][]byte, off int64) (int64, error) {
	o, err := l.acquire()
	if err != nil {
		return 0, storeError("write", err)
	}
	defer l.mu.RUnlock()
	n, err := swarm.WriteVecAt(o.Storage, bufs, off)
	if err == nil {
		o.recorder.scheduleSave()
	}
	return n, storeError("write", err)
}

// Sync syncs what is open; what was closed was synced before.
func (l *lazyStorage) Sync() error {
	l.mu.RLock()
	defer l.mu.RUnlock()
	if l.open == nil {
		return nil
	}
	return storeError("sync", swarm.Sync(l.open.Storage))
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

// closeRecord closes the record of a torrent that the engine does not have.
func (l *lazyStorage) closeRecord() error {
	o := l.current()
	if o == nil || o.recorder == nil {
		return nil
	}
	return o.recorder.keeper.Close(nil)
}

// deleteContent deletes what the storage made, after Close.
func (l *lazyStorage) deleteContent() error {
	o := l.current()
	if o == nil {
		return &StoreError{"remove", errIdle}
	}
	if r, ok := o.Storage.(interface{ Remove() error }); ok {
		if err := r.Remove(); err != nil {
			return &StoreError{"remove", err}
		}
		return nil
	}
	return &StoreError{"remove", errNoRemove}
}
