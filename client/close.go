package client

import (
	"cmp"
	"errors"
	"fmt"
	"sync"

	"github.com/shoal-bt/shoal/engine"
)

// Close notifies the trackers, ends all connections, writes the blocks of partial
// pieces that are in memory, and saves a clean record of each torrent, so that the
// next client resumes without a check. Calls of Add and Seed that are under way fail.
// Close waits until every goroutine of the client has ended. Its error joins those of
// the torrents. Calling it again waits for the first call and returns its error.
func (c *Client) Close() error {
	c.mu.Lock()
	first := !c.closed
	c.closed = true
	c.mu.Unlock()
	if !first {
		<-c.done
		return c.closeErr
	}
	c.cancelCalls()
	c.calls.Wait()
	c.feeds.Close()
	all := c.Torrents()
	errs := make([]error, len(all))
	var wg sync.WaitGroup
	for i, t := range all {
		wg.Go(func() {
			if err := t.now().close(ErrClosed); err != nil {
				errs[i] = fmt.Errorf("client: closing %q: %w", t.Name(), err)
			}
		})
	}
	wg.Wait()
	c.closeErr = errors.Join(append(errs, c.engine.Close())...)
	c.opener.Close() // no source is called any more
	if c.lsd != nil {
		c.closeErr = errors.Join(c.closeErr, c.lsd.Close())
	}
	if c.dht != nil {
		c.closeErr = errors.Join(c.closeErr, c.dht.Close())
	}
	if c.locks != nil {
		c.closeErr = errors.Join(c.closeErr, c.locks.Close())
	}
	close(c.done)
	return c.closeErr
}

// close closes the torrent for good; why is ErrRemoved or ErrClosed. All calls return
// the same error.
func (t *running) close(why error) error {
	t.lifecycle.Lock()
	defer t.lifecycle.Unlock()
	return t.closeLocked(why)
}

// closeLocked is close for a caller that holds lifecycle. The engine notifies the
// trackers, which takes 5 s at most, and stores what it has; the last record lists that.
func (t *running) closeLocked(why error) error {
	if t.closeReason() != nil {
		return t.closeErr
	}
	t.mu.Lock()
	t.closed, t.removed = true, why == ErrRemoved
	t.mu.Unlock()
	if t.storage.Current() == nil && t.trackers.HasUnsaved() {
		if err := t.storage.Reopen(false); err != nil {
			t.emitWarning(err)
		}
	}
	if o := t.storage.Current(); o != nil {
		o.Recorder.Stop()
	}
	err := t.engine.Close()
	t.closeErr = errors.Join(err, t.closeRecorder(err))
	return t.closeErr
}

// closeRecorder saves the last record. storage is the error of closing the storage, or
// nil. The record of an idle torrent is up to date already.
func (t *running) closeRecorder(storage error) error {
	o := t.storage.Current()
	if o == nil {
		return nil
	}
	storage = cmp.Or(storage, t.contentError()) // the engine takes a missing file for one never made
	o.Recorder.Stop()                           // again, because a read may have reopened the storage meanwhile
	return o.Recorder.Close(storage)
}

// closeReason returns why the torrent is closed, or nil if it is not.
func (t *running) closeReason() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	switch {
	case t.removed:
		return ErrRemoved
	case t.closed:
		return ErrClosed
	}
	return nil
}

// checkOpen returns an error if the torrent is closed.
func (t *running) checkOpen() error {
	if reason := t.closeReason(); reason != nil {
		return fmt.Errorf("client: %q: %w", t.name, reason)
	}
	return nil
}

// wrapError names the torrent in an error of the engine, and says why the torrent
// is closed if that is what the error is about.
func (t *running) wrapError(err error) error {
	if err == nil {
		return nil
	}
	reason := t.closeReason()
	if errors.Is(err, engine.ErrClosed) && reason != nil {
		err = reason
	}
	if errors.Is(err, engine.ErrUploadOnly) {
		err = ErrReadOnly // and something is missing
	}
	return fmt.Errorf("client: %q: %w", t.name, err)
}
