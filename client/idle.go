package client

import (
	"errors"
	"fmt"

	"github.com/shoal-bt/shoal/client/internal/content"
	"github.com/shoal-bt/shoal/client/internal/lazystorage"
	"github.com/shoal-bt/shoal/client/internal/linkrecord"
	"github.com/shoal-bt/shoal/resume"
	"github.com/shoal-bt/shoal/swarm"
)

// A torrent is idle while nobody reads or writes it, every piece is held, and its
// record says so. Its storage, record and metainfo are then on disk only, and the first
// read or write opens them again.

// maxBecomingIdle is the number of torrents that become idle at once. When a network
// goes down thousands do together, and each waits for the disk.
const maxBecomingIdle = 4

// newStorage returns the torrent's storage, of which nothing is open. What is not remembered
// cannot be opened again.
func (t *running) newStorage() *lazystorage.Storage {
	return lazystorage.New((*storageOwner)(t), lazystorage.Config{ReadOnly: t.readOnly, StaysOpen: t.folder == nil})
}

// A storageOwner is a running as its Storage sees it.
type storageOwner running

func (o *storageOwner) Open(willCheck bool) (*lazystorage.Handle, error) {
	return (*running)(o).reopen(willCheck)
}

func (o *storageOwner) Idle()                          { (*running)(o).startBecomingIdle() }
func (o *storageOwner) Sync(s swarm.Storage) error     { return (*running)(o).syncContent(s) }
func (o *storageOwner) Complete(s swarm.Storage) error { return (*running)(o).completeContent(s) }
func (o *storageOwner) Note(err error) error           { return (*running)(o).noteContentError(err) }

// startBecomingIdle is called in a turn of the engine, so it must not block. The torrent
// becomes idle on a goroutine for which Close waits.
func (t *running) startBecomingIdle() {
	c := t.client
	if c.beginCall() != nil {
		return
	}
	go func() {
		defer c.endCall()
		select {
		case c.idleSlots <- struct{}{}:
			t.becomeIdle()
			<-c.idleSlots
		case <-c.closeCtx.Done(): // Close closes the torrent
		}
	}()
}

// becomeIdle saves the same clean record as Close does, and closes what is open. If the
// copy of the metainfo or the record cannot be saved, the torrent stays open.
func (t *running) becomeIdle() {
	t.lifecycle.Lock()
	defer t.lifecycle.Unlock()
	o := t.storage.Current()
	if o == nil || t.closeReason() != nil {
		return
	}
	m := t.cache.InMemory()
	if m == nil || t.saveCopy(m) != nil || !o.Recorder.FlushNow() {
		return
	}
	t.storage.Suspend(t.readyToBeIdle, func(o *lazystorage.Handle, err error) {
		if err = errors.Join(err, o.Recorder.Close(err)); err != nil {
			t.emitWarning(err)
		}
		t.cache.Unpin()
	})
}

// readyToBeIdle stops saves and syncs what was written, while nobody writes. It reports
// false if the torrent goes on.
func (t *running) readyToBeIdle(o *lazystorage.Handle) bool {
	if o.Recorder.SavePending() {
		return false // something was written meanwhile
	}
	o.Recorder.Stop()
	err := t.syncContent(o.Storage)
	if err == nil {
		return true
	}
	o.Recorder.Restart()
	if errors.Is(err, ErrModified) {
		t.fail(err)
	} else {
		t.emitWarning(err)
	}
	return false
}

// reopen opens what becomeIdle closed. If every file has its size, every piece is still
// held. A check that is under way counts as one that is to come: the torrent may have
// become idle after the caller asked for it.
func (t *running) reopen(willCheck bool) (*lazystorage.Handle, error) {
	willCheck = willCheck || (t.storage.Started() && t.isChecking())
	m, err := t.metainfo()
	if err != nil {
		return nil, &StoreError{Op: "open", Err: err}
	}
	files := t.filesOf(m)
	r, err := t.reloadRecord(files, willCheck)
	if err != nil {
		return nil, &StoreError{Op: "open", Err: err}
	}
	o, err := t.openFiles(files, r)
	if err != nil {
		return nil, err
	}
	t.cache.Pin(m)
	if r.State == resume.Open || r.Pieces.Count() < t.geometry.Pieces() {
		o.Recorder.ScheduleSave()
	}
	return o, nil
}

// reloadRecord returns the record with which reopen continues.
func (t *running) reloadRecord(files []swarm.File, willCheck bool) (resume.Record, error) {
	old, err := linkrecord.LoadRecord(t.folder, t.ids[0])
	if err != nil {
		return old, err
	}
	names, err := t.namesOf(old, files)
	if err != nil {
		return old, err
	}
	r, err := content.Continue(old, willCheck, resume.Probe{Swarms: t.ids, Geometry: t.geometry, Files: files, Stat: names.Stat})
	r.Totals.Folder = t.dir
	return r, err
}

// openForCheck opens the storage of a torrent that is about to be checked.
func (t *running) openForCheck() error {
	if t.storage.Current() != nil {
		return nil
	}
	if err := t.storage.Reopen(true); err != nil {
		return fmt.Errorf("client: %q: %w", t.name, err)
	}
	return nil
}
