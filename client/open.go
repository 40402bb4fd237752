package client

import (
	"context"
	"errors"
	"time"

	"github.com/shoal-bt/shoal/client/internal/content"
	"github.com/shoal-bt/shoal/client/internal/lazystorage"
	"github.com/shoal-bt/shoal/client/internal/linkrecord"
	"github.com/shoal-bt/shoal/client/internal/recall"
	"github.com/shoal-bt/shoal/client/internal/recorder"
	"github.com/shoal-bt/shoal/client/internal/seedcontent"
	"github.com/shoal-bt/shoal/client/internal/wants"
	"github.com/shoal-bt/shoal/diskstore"
	"github.com/shoal-bt/shoal/metainfo"
	"github.com/shoal-bt/shoal/resume"
	"github.com/shoal-bt/shoal/swarm"
)

// A startState is what a torrent starts with.
type startState struct {
	have, check swarm.Bitfield // pieces that are held, and that the engine has to check
	spilled     map[int][]int  // blocks of partial pieces, by piece
	totals      resume.Totals
}

// openContent opens the torrent's storage and finds out which pieces it has. seed is nil
// for a download. With an error, nothing stays open.
func (t *running) openContent(ctx context.Context, o AddOptions, c wants.Choice, seed *seedcontent.Content) (startState, error) {
	all := swarm.NewBitfield(t.geometry.Pieces())
	all.SetAll(t.geometry.Pieces())
	t.readOnly = o.ReadOnly || seed != nil
	inFiles := (seed == nil || seed.Storage == nil) && (seed != nil || t.client.config.NewStorage == nil)
	var totals resume.Totals
	if !inFiles {
		var err error
		if totals.Selection, err = t.wants.Choose(c, t.info(), t.emitWarning); err != nil {
			return startState{}, err
		}
	}
	switch {
	case seed != nil && seed.Storage != nil:
		t.storage = t.newStorage()
		t.storage.SetOpen(&lazystorage.Handle{Storage: seed.Storage})
		return startState{have: all, totals: totals}, nil
	case seed != nil:
		t.dir = seed.Dir
		if seed.Files != nil {
			t.seed = seed
		}
	case t.client.config.NewStorage != nil:
		s, err := t.client.config.NewStorage(t.cache.InMemory(), t.dir)
		if err != nil {
			return startState{}, &StoreError{Op: "open", Err: err}
		}
		t.storage = t.newStorage()
		t.storage.SetOpen(&lazystorage.Handle{Storage: s})
		if o.Trust {
			return startState{have: all, totals: totals}, nil
		}
		return startState{check: all, totals: totals}, nil
	}
	return t.openFileContent(ctx, o, c, seed != nil)
}

// openFileContent is openContent for content in files. complete says that all files
// exist and are right. What the record and the files agree on is held; other pieces
// whose files have their sizes are checked.
func (t *running) openFileContent(ctx context.Context, o AddOptions, c wants.Choice, complete bool) (s startState, err error) {
	var old resume.Record
	meta := t.cache.InMemory()
	files := t.filesOf(meta)
	if err = t.checkOutsideState(files); err != nil {
		return s, err
	}
	if t.client.config.State != "" {
		if err = t.lockFiles(); err != nil {
			return s, err
		}
		if t.folder, err = t.client.recordFolder(t.dir); err != nil {
			return s, err
		}
		if old, err = linkrecord.LoadRecord(t.folder, t.ids[0]); err != nil {
			return s, err
		}
	}
	c.Record = old.Totals.Selection
	chosen, err := t.wants.Choose(c, meta.Info, t.emitWarning)
	if err != nil {
		return s, err
	}
	verdict, err := t.checkRecord(ctx, old, meta.Info, files)
	if err != nil {
		return s, err
	}
	r := &verdict.Record
	t.adjust(&verdict, o, files, complete)
	r.Totals.Selection = t.wants.Record(chosen)
	t.overwrite = o.Overwrite
	t.storage = t.newStorage()
	allHeld := r.Pieces.Count() == t.geometry.Pieces()
	mayMake := t.wants.AreHeld(r.Pieces, t.geometry.Pieces()) && !t.readOnly
	toMake := mayMake && (r.Part.Path != "" || content.Incomplete(t.dir, t.wants.FilesOf(files), t.client.config.Disk.NoSymlinks))
	recordedComplete := verdict.Distrust == nil && r.State == resume.Clean && allHeld && !toMake
	if t.folder != nil && recordedComplete && t.saveCopy(meta) == nil {
		t.cache.Unpin() // it starts idle
	} else {
		open, err := t.openFiles(files, *r)
		if err != nil {
			return s, err
		}
		t.storage.SetOpen(open)
	}
	if toMake {
		err = lazystorage.Wrap("open", t.storage.Current().Storage.(*diskstore.Store).Create())
		if err != nil {
			return s, errors.Join(err, t.storage.Close(), t.storage.AbandonRecord())
		}
	}
	return startState{have: r.Pieces, check: verdict.Check, spilled: recorder.BlocksByPiece(r.Spilled), totals: r.Totals}, nil
}

// openFiles opens the files, and the record if anything is remembered. The record lists
// a file or folder as ours before it is made.
func (t *running) openFiles(files []swarm.File, r resume.Record) (*lazystorage.Handle, error) {
	o := &lazystorage.Handle{}
	options := t.diskOptions()
	options.Owned = r.Owned
	options.ModTime = content.ModTimes(r.Files, r.Part)
	options.Overwrite = options.Overwrite || t.overwrite
	if options.Warn == nil {
		options.Warn = t.emitWarning
	}
	options.Own = func(paths []string) error { return o.Recorder.Own(paths) }
	options.Disown = func(names []string) { o.Recorder.Disown(names) }
	store, err := diskstore.Open(t.dir, files, options)
	if err != nil {
		return nil, &StoreError{Op: "open", Err: err}
	}
	o.Storage = store
	if t.folder == nil {
		return o, nil
	}
	if o.Recorder, err = t.openRecorder(store, files, r); err != nil {
		return nil, errors.Join(err, store.Close())
	}
	return o, nil
}

// adjust changes what the record and the files say as the options have it. complete says that all files
// exist and are right.
func (t *running) adjust(verdict *resume.Verdict, o AddOptions, files []swarm.File, complete bool) {
	r := &verdict.Record
	switch {
	case complete || o.Trust:
		present := content.Present(t.geometry, files, r.Files, true)
		if r.Part.Path != "" {
			for i := range present {
				present[i] |= r.Pieces[i]
			}
		}
		if present.Count() != r.Pieces.Count() {
			r.State, r.Pieces, r.Spilled = resume.Open, present, nil
		}
		verdict.Check = nil
	case o.Recheck:
		r.State, r.Pieces, r.Spilled = resume.Open, swarm.NewBitfield(t.geometry.Pieces()), nil
		verdict.Check = content.Present(t.geometry, files, content.WithPart(r.Files, r.Part), false)
	}
	if r.Totals.Added.IsZero() {
		r.Totals.Added = time.Now()
	}
	r.Totals.Folder, r.Totals.Paused = t.dir, false // the pause was that of a link
}

// diskOptions returns the options with which the torrent's files are opened.
func (t *running) diskOptions() diskstore.Options {
	return recall.FilesOptions(t.client.config.Disk, t.ids[0], t.wants.Unwanted())
}

// namesOf returns where the files are that a record lists.
func (t *running) namesOf(r resume.Record, files []swarm.File) (*diskstore.Names, error) {
	options := t.diskOptions()
	options.Owned = r.Owned
	names, err := diskstore.NewNames(t.dir, files, options)
	return names, lazystorage.Wrap("open", err)
}

// checkRecord compares a record with the files. If they differ in a way that a sample of
// pieces can settle, it reads one.
func (t *running) checkRecord(ctx context.Context, r resume.Record, info *metainfo.Info, files []swarm.File) (resume.Verdict, error) {
	names, err := t.namesOf(r, files)
	if err != nil {
		return resume.Verdict{}, err
	}
	var store *diskstore.Store
	defer func() {
		if store != nil {
			store.Close()
		}
	}()
	return r.Check(resume.Probe{
		Swarms:   t.ids,
		Geometry: t.geometry,
		Files:    files,
		Stat:     names.Stat,
		Verify: func(pieces []int) (bool, error) {
			if store == nil {
				// Overwrite lets it open files of any size; it only reads.
				options := t.diskOptions()
				options.Owned, options.Own, options.Overwrite = r.Owned, nil, true
				opened, err := diskstore.Open(t.dir, files, options)
				if err != nil {
					return false, err
				}
				store = opened
			}
			return content.VerifySample(ctx, info.Verify, store, t.geometry.BlockCount)(pieces)
		},
	})
}
