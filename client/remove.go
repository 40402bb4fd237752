package client

import (
	"errors"
	"fmt"
)

// A Content says what becomes of a torrent's content when it is removed.
type Content uint8

// Keep leaves the content; from then on it is the user's, and no later run deletes
// it. Delete deletes the files and folders that we made, and nothing else.
const (
	Keep Content = iota
	Delete
)

// Remove takes a torrent out: trackers are told, for which they have 5 s at most,
// connections are ended, and nothing is remembered of it. The error matches
// ErrUnknown if the client has no such torrent, ErrRemoved if it was removed, and
// ErrClosed if the client is closed. Otherwise the torrent is out, and the error
// says what could not be written or deleted; with that, the record of what is ours
// is kept.
func (c *Client) Remove(t *Torrent, content Content) error {
	if t == nil || t.client != c {
		return fmt.Errorf("client: %w", ErrUnknown)
	}
	if err := c.beginCall(); err != nil {
		return fmt.Errorf("client: %w", err)
	}
	defer c.endCall()
	t.removing.Lock()
	defer t.removing.Unlock()
	if err := t.checkOpen(); err != nil {
		return err
	}
	var opening error
	if content == Delete {
		opening = t.openForCheck() // to know what is to be deleted
	}
	err := t.close(ErrRemoved)
	defer c.removeTorrent(t)
	if content == Delete {
		// What could not be synced does not matter any more.
		if err = opening; err == nil {
			err = t.storage.deleteContent()
		}
	}
	if err == nil && t.folder != nil {
		err = t.folder.Remove(t.ids[0])
	}
	if err != nil {
		return fmt.Errorf("client: removing %q: %w", t.Name(), err)
	}
	return nil
}

// errNoRemove is what a storage without a method Remove gives.
var errNoRemove = fmt.Errorf("the storage cannot delete its content: %w", errors.ErrUnsupported)
