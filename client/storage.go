package client

import (
	"errors"
	"io"
	"io/fs"

	"github.com/shoal-bt/shoal/swarm"
)

// A ledger is a torrent's storage, with a note of each write and a name for each
// error. It hides nothing that the engine makes use of.
type ledger struct {
	swarm.Storage
	wrote func() // called after each write that succeeded
}

var (
	_ swarm.VectorReader = (*ledger)(nil)
	_ swarm.VectorWriter = (*ledger)(nil)
	_ swarm.Syncer       = (*ledger)(nil)
)

// named returns err as a StoreError. What readers branch on stays as it is.
func named(op string, err error) error {
	if err == nil || err == io.EOF || err == io.ErrUnexpectedEOF || errors.Is(err, fs.ErrNotExist) && op == "read" {
		return err
	}
	return &StoreError{op, err}
}

func (l *ledger) ReadAt(p []byte, off int64) (int, error) {
	n, err := l.Storage.ReadAt(p, off)
	return n, named("read", err)
}

func (l *ledger) ReadVecAt(bufs [][]byte, off int64) (int64, error) {
	n, err := swarm.ReadVecAt(l.Storage, bufs, off)
	return n, named("read", err)
}

func (l *ledger) WriteAt(p []byte, off int64) (int, error) {
	n, err := l.Storage.WriteAt(p, off)
	l.note(err)
	return n, named("write", err)
}

func (l *ledger) WriteVecAt(bufs [][]byte, off int64) (int64, error) {
	n, err := swarm.WriteVecAt(l.Storage, bufs, off)
	l.note(err)
	return n, named("write", err)
}

func (l *ledger) note(err error) {
	if err == nil && l.wrote != nil {
		l.wrote()
	}
}

func (l *ledger) Sync() error { return named("sync", swarm.Sync(l.Storage)) }

func (l *ledger) Close() error { return named("close", l.Storage.Close()) }

// remove deletes what the storage made, after Close.
func (l *ledger) remove() error {
	if r, ok := l.Storage.(interface{ Remove() error }); ok {
		if err := r.Remove(); err != nil {
			return &StoreError{"remove", err}
		}
		return nil
	}
	return &StoreError{"remove", errNoRemove}
}
