package client

import (
	"fmt"
)

// A Content says what happens to a torrent's content when the torrent is removed.
type Content uint8

// Keep leaves the content. From then on it is the user's, and no later run deletes it.
// Delete deletes the files and folders that the client made, and nothing else.
const (
	Keep Content = iota
	Delete
)

// Remove takes a torrent out of the client. It notifies the trackers, which takes 5 s
// at most, ends all connections, and deletes the record. The error matches ErrUnknown
// if the client does not have the torrent, ErrRemoved if it was removed before, and
// ErrClosed if the client is closed. With any other error the torrent is out, but
// something could not be written or deleted; the record is then kept, so that a later
// Add still knows which files are the client's.
func (c *Client) Remove(t *Torrent, content Content) error {
	if t == nil || t.client != c {
		return fmt.Errorf("client: %w", ErrUnknown)
	}
	if err := c.beginCall(); err != nil {
		return fmt.Errorf("client: %w", err)
	}
	defer c.endCall()
	for again := true; again; {
		var err error
		if again, err = t.now().remove(content); err != nil {
			return err
		}
	}
	return nil
}

func (t *running) remove(content Content) (again bool, err error) {
	t.lifecycle.Lock() // so that the torrent cannot become idle before its content is deleted
	defer t.lifecycle.Unlock()
	if err := t.checkOpen(); err != nil {
		return false, err
	}
	var openErr error
	if content == Delete {
		openErr = t.openForCheck() // because an idle torrent does not know what to delete
	}
	err = t.closeLocked(ErrRemoved)
	defer func() {
		t.unlockFiles()
		t.client.removeTorrent(t.torrent)
	}()
	if content == Delete {
		err = openErr // that of closing does not matter if the content is deleted
		if err == nil {
			err = t.storage.Delete()
		}
	}
	for _, id := range t.ids { // a link may have had another one first
		if err == nil && t.folder != nil {
			err = t.folder.Remove(id)
		}
	}
	if err != nil {
		return false, fmt.Errorf("client: removing %q: %w", t.name, err)
	}
	return false, nil
}
