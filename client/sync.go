package client

import (
	"cmp"
	"io/fs"
	"sync"
	"time"

	"github.com/shoal-bt/shoal/client/internal/content"
	"github.com/shoal-bt/shoal/client/internal/lazystorage"
	"github.com/shoal-bt/shoal/client/internal/modified"
	"github.com/shoal-bt/shoal/diskstore"
	"github.com/shoal-bt/shoal/swarm"
)

// A modifiedFiles is the files of a torrent that another program may have changed while the
// client had them open. The modification time says so, but some file systems, on a network
// above all, change it without a write. So bytes decide: the pieces of these files that are
// held are read and hashed again before anything is recorded or reported as complete.
type modifiedFiles struct {
	modified.Files
	hashing sync.Mutex // held while pieces are hashed
}

// A modTimer is a storage that knows when it wrote its files, such as a diskstore.Store.
type modTimer interface {
	Modified() []string
	ModTime(path string) (time.Time, bool)
}

// syncContent makes what was written outlast a power cut. It fails if another program
// changed a piece that is held, or a file's size. From then on it fails until everything is
// checked, so that no record says that the content is as it was.
func (t *running) syncContent(s swarm.Storage) error { return t.syncWith(s, swarm.Sync, false) }

// completeContent is syncContent for a torrent of which every piece is held. It also makes
// empty files and symlinks that are missing.
func (t *running) completeContent(s swarm.Storage) error { return t.syncWith(s, swarm.Complete, true) }

// syncWith calls sync and then looks for files that another program changed.
func (t *running) syncWith(s swarm.Storage, sync func(any) error, all bool) error {
	if err := t.contentError(); err != nil {
		return err
	}
	err := sync(s)
	if err == nil {
		err = t.checkModified(s, all)
	}
	if err == nil {
		t.finishFiles(s)
	}
	return t.noteContentError(lazystorage.Wrap("sync", err))
}

// finishFiles moves files of which every byte is held from where they are while they are incomplete to
// their paths. One that cannot be moved stays there; a Warning says why.
func (t *running) finishFiles(s swarm.Storage) {
	store, ok := s.(*diskstore.Store)
	disk := &t.client.config.Disk
	if !ok || (disk.Suffix == "" && disk.IncompleteDir == "") || !t.storage.Started() {
		return
	}
	meta, err := t.metainfo()
	if err != nil {
		t.emitWarning(err)
		return
	}
	isWanted := func(i int) bool { return t.wants.File(i) > 0 }
	t.finished.Finish(store, meta.Info.Files(), t.geometry, t.engine.Pieces(), isWanted, func(err error) {
		t.emitWarning(lazystorage.Wrap("write", err))
	})
}

// noteContentError notes an error of a write or a sync, if it is one, and returns it.
func (t *running) noteContentError(err error) error {
	if err != nil {
		t.mu.Lock()
		defer t.mu.Unlock()
		t.contentErr = cmp.Or(t.contentErr, err)
	}
	return err
}

// contentError returns why the content is not known to be as the pieces say; nil if it is.
func (t *running) contentError() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.contentErr
}

// forgetContentError is called before everything is checked.
func (t *running) forgetContentError() {
	t.finished.Reset()
	t.mu.Lock()
	defer t.mu.Unlock()
	t.contentErr = nil
}

// checkModified hashes the pieces that are held of files that another program may have
// changed. all says that every piece is held and this is the last look.
func (t *running) checkModified(s swarm.Storage, all bool) error {
	m, ok := s.(modTimer)
	if !ok || !t.storage.Started() {
		return nil // nothing can be held yet
	}
	t.modified.hashing.Lock()
	defer t.modified.hashing.Unlock()
	t.modified.Notice(m.Modified)
	check := t.modified.ToCheck(all)
	if len(check) == 0 {
		return nil
	}
	if err := t.checkFiles(s, check); err != nil {
		return err
	}
	t.modified.Right(check, all)
	return nil
}

// checkFiles hashes the pieces that are held of some files. A wrong one is an error that
// matches ErrModified.
func (t *running) checkFiles(s swarm.Storage, paths map[string]int) error {
	meta, err := t.metainfo()
	if err != nil {
		return err
	}
	return modified.Hash(paths, modified.Content{
		Files:    t.filesOf(meta),
		Geometry: t.geometry,
		Held:     t.engine.Pieces(),
		Verify:   t.verify,
		Storage:  s,
	})
}

// fail stops the torrent with an error of its storage that no call of the engine got.
func (t *running) fail(err error) {
	if t.storage.Started() {
		t.engine.Fail(err)
	}
}

// statOf returns what a record says of the files in s: the modification times are those of
// the storage's own writes, so that a change by another program is noticed later. A file
// that was not hashed since it changed has no time, so the next run checks it.
func (t *running) statOf(s swarm.Storage) func(string) (fs.FileInfo, error) {
	m, ok := s.(*diskstore.Store)
	if !ok {
		return content.StatIn(t.dir)
	}
	names := m.Names()
	return func(name string) (fs.FileInfo, error) {
		info, err := names.Stat(name)
		if err != nil {
			return nil, err
		}
		at, known := m.ModTime(name) // before Unchecked, or a change in between is missed
		switch {
		case t.modified.Unchecked(name):
			info = content.WrittenAt(info, time.Time{})
		case known:
			info = content.WrittenAt(info, at)
		}
		return info, nil
	}
}
