package client

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"

	"github.com/shoal-bt/shoal/diskstore"
	"github.com/shoal-bt/shoal/resume"
	"github.com/shoal-bt/shoal/swarm"
)

// A torrent is at rest when nobody reads or writes it, all of it is held, and its
// record says so: then its storage, its record and its metainfo are on disk only,
// and the first call of the storage opens them again.

// errAtRest says that the storage could not be opened.
var errAtRest = errors.New("the storage is closed")

// Idle is called in a turn of the engine: it begins to put the torrent to rest.
func (l *ledger) Idle() {
	if l.torrent == nil {
		swarm.Idle(l.open.Storage)
		return
	}
	if !l.mu.TryRLock() {
		return // a call is opening it
	}
	open := l.open != nil
	l.mu.RUnlock()
	if !open || l.torrent.client.enter() != nil {
		return
	}
	go func() {
		c := l.torrent.client
		defer c.calls.Done()
		select {
		case c.rests <- struct{}{}:
			l.torrent.rest()
			<-c.rests
		case <-c.ctx.Done(): // it is closed anyway
		}
	}()
}

// mostRests is the number of torrents that are put to rest at once: when a network
// goes down thousands come to rest together, and each waits for the disk.
const mostRests = 4

// rest saves the record, as it is at the end of a run, and closes what is open.
// If anything goes wrong the torrent stays as it is.
func (t *Torrent) rest() {
	t.ending.Lock()
	defer t.ending.Unlock()
	l := t.storage
	o := l.now()
	if o == nil || t.ended() != nil {
		return
	}
	if m := t.original.inMemory(); m == nil || t.shelve(m) != nil || !o.recorder.settle() {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock() // no call is under way, and none begins
	if o.recorder.awaits() {
		return // something was written since
	}
	o.recorder.end()
	if err := named("sync", swarm.Sync(o.Storage)); err != nil {
		o.recorder.goOn()
		t.warn(err)
		return
	}
	err := named("close", o.Close())
	if err = errors.Join(err, o.recorder.close(err)); err != nil {
		t.warn(err)
	}
	l.open = nil
	t.original.release()
}

// wake opens what rest closed. What the torrent holds is not in doubt if every file
// is there in its size; anyhow says that all of it is going to be checked.
func (l *ledger) wake(anyhow bool) error {
	l.begun.Lock()
	defer l.begun.Unlock()
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.open != nil:
		return nil
	case l.closed:
		return fs.ErrClosed
	}
	t := l.torrent
	m, err := t.metainfo()
	if err != nil {
		return &StoreError{"open", err}
	}
	files := t.filesOf(m)
	r, err := t.recall(files, anyhow)
	if err != nil {
		return &StoreError{"open", err}
	}
	o, err := t.openFiles(files, r)
	if err != nil {
		return err
	}
	l.open = o
	t.original.keep(m)
	if r.State == resume.Open || r.Pieces.Count() < t.geometry.Pieces() {
		o.recorder.wrote()
	}
	return nil
}

// recall returns the record to go on with.
func (t *Torrent) recall(files []swarm.File, anyhow bool) (resume.Record, error) {
	old, err := load(t.folder, t.ids[0])
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
		return r, nil
	}
	r.State = resume.Open
	if anyhow {
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
	if len(old.Swarms) > 0 && old.Length == r.Length && old.PieceLength == r.PieceLength && slices.EqualFunc(old.Files, r.Files, same) {
		// Its times are kept, so that the next run checks what was touched.
		return old, nil
	}
	// The record is gone. What is held is not: the files are whole.
	r.Pieces.SetAll(t.geometry.Pieces())
	return r, nil
}

// revive opens the storage of a torrent that is about to be checked.
func (t *Torrent) revive() error {
	if t.storage.now() != nil {
		return nil
	}
	if err := t.storage.wake(true); err != nil {
		return fmt.Errorf("client: %q: %w", t.Name(), err)
	}
	return nil
}
