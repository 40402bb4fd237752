package disk

import (
	"context"
	"errors"
	"io/fs"

	"github.com/shoal-bt/shoal/protocol"
	"github.com/shoal-bt/shoal/swarm"
)

// An Owner is the torrent of a Store, which gets the answers.
type Owner interface {
	// Post hands an Input to the torrent's turn. The caller is a task of the torrent.
	Post(protocol.Input)

	// AddTask counts a task of the torrent, which lets the caller post. EndTask ends
	// it. AddTask is called in a turn.
	AddTask()
	EndTask()

	// Context returns a context that ends when the torrent is being closed.
	Context() context.Context
}

// A Store is one torrent's Storage and what checks its pieces. Its fields do not change
// once it is used. Its methods may be called from many goroutines. The error of a write,
// such as that of a full disk, goes back in Written or CheckResult and stops the torrent:
// see State.fail in protocol/failing.go.
type Store struct {
	Storage  swarm.Storage
	Geometry swarm.Geometry
	Verify   func([]swarm.Verdict)
	Lanes    int // pieces that Verify hashes side by side

	limit  Limit
	writer writer
}

// ErrClosed says that a read did not begin, because the caller was closed first.
var ErrClosed = errors.New("closed while waiting for the disk")

// ReadAt reads bytes of the torrent. It fails with ErrClosed if closed is closed while
// it waits for other calls.
func (s *Store) ReadAt(p []byte, off int64, closed <-chan struct{}) (int, error) {
	if !s.limit.Acquire(closed) {
		return 0, ErrClosed
	}
	defer s.limit.Release()
	n, err := s.Storage.ReadAt(p, off)
	if n == len(p) {
		err = nil
	}
	return n, err
}

// ReadVecAt is ReadAt into several buffers. An error says nothing about which of them
// were filled.
func (s *Store) ReadVecAt(bufs [][]byte, off int64, closed <-chan struct{}) error {
	if len(bufs) == 1 {
		_, err := s.ReadAt(bufs[0], off, closed)
		return err
	}
	if !s.limit.Acquire(closed) {
		return ErrClosed
	}
	defer s.limit.Release()
	_, err := swarm.ReadVecAt(s.Storage, bufs, off)
	return err
}

// Complete tells the Storage that every piece is held, or has it sync those that are. Synced
// follows. It is called in a turn.
func (s *Store) Complete(t Owner, all bool) {
	t.AddTask()
	go func() {
		defer t.EndTask()
		s.limit.Acquire(nil)
		var err error
		if all {
			err = swarm.Complete(s.Storage)
		} else {
			err = s.sync()
		}
		s.limit.Release()
		t.Post(protocol.Synced{Err: err})
	}()
}

// Idle tells the Storage that nobody uses it for a while.
func (s *Store) Idle() { swarm.Idle(s.Storage) }

// Close syncs the Storage and closes it. No other call may be under way.
func (s *Store) Close() error { return errors.Join(s.sync(), s.Storage.Close()) }

// sync makes what was written outlast a power cut.
func (s *Store) sync() error {
	err := swarm.Sync(s.Storage)
	if errors.Is(err, fs.ErrNotExist) {
		return nil // nothing was ever written
	}
	return err
}
