package client

import (
	"errors"
	"path/filepath"

	"github.com/shoal-bt/shoal/resume"
)

// newLocks returns what keeps two clients with one state folder off the same
// torrent in the same folder; nil if nothing is remembered.
func newLocks(state string) *resume.Locks {
	if state == "" {
		return nil
	}
	return resume.NewLocks(filepath.Join(state, "locks"))
}

// lockFiles keeps other clients off the torrent's record and files until unlock, or
// until the client is closed.
func (t *Torrent) lockFiles() error {
	err := t.client.locks.Take(t.lockName())
	if errors.Is(err, resume.ErrLocked) {
		return ErrInUse
	}
	return err
}

func (t *Torrent) unlockFiles() {
	if l := t.client.locks; l != nil {
		l.Release(t.lockName())
	}
}

func (t *Torrent) lockName() string { return t.ids[0].String() + t.dir }
