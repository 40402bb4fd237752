package client

import (
	"errors"
	"path/filepath"

	"github.com/shoal-bt/shoal/client/internal/statefolder"
	"github.com/shoal-bt/shoal/resume"
)

// newLocks returns the locks that the clients with one state folder share, so that only
// one of them can have a torrent in a folder. It returns nil if nothing is remembered.
func newLocks(state string) *resume.Locks {
	if state == "" {
		return nil
	}
	return resume.NewLocks(filepath.Join(state, statefolder.Locks))
}

// lockFiles locks the torrent's record and files against other clients, until unlockFiles
// or until the client is closed. The lock is the system's, and no mutex.
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
