package client

import (
	"errors"

	"github.com/shoal-bt/shoal/resume"
	"github.com/shoal-bt/shoal/swarm"
)

// lockFiles locks a torrent's record and files against other clients, until unlockFiles
// or until the client is closed. The lock is the system's, and no mutex.
func (c *Client) lockFiles(name string) error {
	err := c.locks.Take(name)
	if errors.Is(err, resume.ErrLocked) {
		return ErrInUse
	}
	return err
}

func (c *Client) unlockFiles(name string) {
	if c.locks != nil {
		c.locks.Release(name)
	}
}

// lockName returns the name of the lock of a torrent in a folder.
func lockName(id swarm.ID, dir string) string { return id.String() + dir }

func (t *running) lockFiles() error { return t.client.lockFiles(lockName(t.ids[0], t.dir)) }

func (t *running) unlockFiles() { t.client.unlockFiles(lockName(t.ids[0], t.dir)) }
