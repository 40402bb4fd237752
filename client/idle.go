package client

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"time"

	"github.com/shoal-bt/shoal/diskstore"
	"github.com/shoal-bt/shoal/resume"
	"github.com/shoal-bt/shoal/swarm"
)

// A torrent is idle while nobody reads or writes it, every piece is held, and its
// record says so. Its storage, record and metainfo are then on disk only, and the first
// read or write opens them again.

// errIdle says that what is needed is closed and could not be opened.
var errIdle = errors.New("the storage is closed")

// maxBecomingIdle is the number of torrents that become idle at once. When a network
// goes down thousands do together, and each waits for the disk.
const maxBecomingIdle = 4

// Idle is called in a turn of the engine, so it must not block. The torrent becomes
// idle on a goroutine for which Close waits.
func (l *lazyStorage) Idle() {
	if l.torrent.folder == nil { // what is not remembered cannot be opened again
		swarm.Idle(l.open.Storage)
		return
	}
	l.idleReported.Store(true)
	if !l.started.Load() {
		return // startSaving calls Idle again
	}
	if !l.mu.TryRLock() {
		return // it is being opened or closed
	}
	open := l.open != nil
	l.mu.RUnlock()
	if !open || l.torrent.client.beginCall() != nil {
		return
	}
	go func() {
		c := l.torrent.client
		defer c.endCall()
		select {
		case c.idleSlots <- struct{}{}:
			l.torrent.becomeIdle()
			<-c.idleSlots
		case <-c.closeCtx.Done(): // Close closes the torrent
		}
	}()
}

// becomeIdle saves the same clean record as Close does, and closes what is open. If the
// copy of the metainfo or the record cannot be saved, the torrent stays open.
func (t *Torrent) becomeIdle() {
	t.lifecycle.Lock()
	defer t.lifecycle.Unlock()
	l := t.storage
	o := l.current()
	if o == nil || t.closeReason() != nil {
		return
	}
	m := t.cache.inMemory()
	if m == nil || t.saveCopy(m) != nil || !o.recorder.flushNow() {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock() // no call is under way, and none begins
	if o.recorder.savePending() {
		return // something was written meanwhile
	}
	o.recorder.stop()
	if err := t.syncContent(o.Storage); err != nil {
		o.recorder.restart()
		t.fail(err)
		return
	}
	err := storeError("close", o.Close())
	if err = errors.Join(err, o.recorder.close(err)); err != nil {
		t.emitWarning(err)
	}
	l.open = nil
	t.cache.unpin()
}

// reopen opens what becomeIdle closed. If every file has its size, every piece is still
// held. willCheck says that the caller is going to check all pieces, so that missing
// files are no error. A check that is under way counts as well: the torrent may have
// become idle after the caller asked for it.
func (l *lazyStorage) reopen(willCheck bool) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.open != nil:
		return nil
	case l.closed:
		return fs.ErrClosed
	}
	t := l.torrent
	willCheck = willCheck || (l.started.Load() && t.isChecking())
	m, err := t.metainfo()
	if err != nil {
		return &StoreError{"open", err}
	}
	files := t.filesOf(m)
	r, err := t.reloadRecord(files, willCheck)
	if err != nil {
		return &StoreError{"open", err}
	}
	o, err := t.openFiles(files, r)
	if err != nil {
		return err
	}
	l.open = o
	t.cache.pin(m)
	if l.started.Load() {
		o.recorder.start()
	}
	if r.State == resume.Open || r.Pieces.Count() < t.geometry.Pieces() {
		o.recorder.scheduleSave()
	}
	return nil
}

// reloadRecord returns the record with which reopen continues.
func (t *Torrent) reloadRecord(files []swarm.File, willCheck bool) (resume.Record, error) {
	old, err := loadRecord(t.folder, t.ids[0])
	if err != nil {
		return old, err
	}
	v, err := old.Check(resume.Probe{Swarms: t.ids, Geometry: t.geometry, Files: files, Stat: statIn(t.dir)})
	if err != nil {
		return old, err
	}
	r := v.Record
	r.Totals.Folder = t.dir
	if v.Distrust == nil {
		r.Files = old.Files // with their times, so that a change meanwhile is noticed
		return r, nil
	}
	r.State = resume.Open
	if willCheck {
		return r, nil
	}
	for _, f := range r.Files {
		switch f.Size {
		case f.Length:
		case resume.Absent:
			return r, fmt.Errorf("%s: %w", f.Path, fs.ErrNotExist)
		default:
			return r, &diskstore.SizeError{Path: f.Path, Want: f.Length, Have: f.Size}
		}
	}
	same := func(a, b resume.File) bool { return a.Path == b.Path && a.Length == b.Length && a.Size == b.Size }
	sameTorrent := len(old.Swarms) > 0 && old.Length == r.Length && old.PieceLength == r.PieceLength
	if sameTorrent && slices.EqualFunc(old.Files, r.Files, same) {
		// Its times are kept, so that the next run checks the files that were touched.
		return old, nil
	}
	// The record is gone. Every file has its size, so the pieces count as held, and are
	// hashed before the record says so.
	for i := range r.Files {
		r.Files[i].ModTime = time.Time{}
	}
	return r, nil
}

// openForCheck opens the storage of a torrent that is about to be checked.
func (t *Torrent) openForCheck() error {
	if t.storage.current() != nil {
		return nil
	}
	if err := t.storage.reopen(true); err != nil {
		return fmt.Errorf("client: %q: %w", t.name, err)
	}
	return nil
}
