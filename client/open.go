package client

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/shoal-bt/shoal/diskstore"
	"github.com/shoal-bt/shoal/metainfo"
	"github.com/shoal-bt/shoal/resume"
	"github.com/shoal-bt/shoal/swarm"
)

// A seedContent is where content is that is there already, whole.
type seedContent struct {
	dir     string        // of the operating system; empty for none
	files   []swarm.File  // below dir, in the order of the torrent
	storage swarm.Storage // in place of dir and files
}

// startState are what a torrent begins with.
type startState struct {
	have, check swarm.Bitfield
	spilled     map[int][]int
	totals      resume.Life
}

// openContent opens the torrent's storage and finds out what it holds. With an error,
// nothing is left open.
func (t *Torrent) openContent(ctx context.Context, o AddOptions, p *seedContent) (startState, error) {
	all := swarm.NewBitfield(t.geometry.Pieces())
	all.SetAll(t.geometry.Pieces())
	switch {
	case p != nil && p.storage != nil:
		t.storage = &lazyStorage{open: &openStorage{Storage: p.storage}}
		return startState{have: all}, nil
	case p != nil:
		t.dir, t.seedFiles = p.dir, p.files
	case t.client.config.NewStorage != nil:
		s, err := t.client.config.NewStorage(t.cache.pinned, t.dir)
		if err != nil {
			return startState{}, &StoreError{"open", err}
		}
		t.storage = &lazyStorage{open: &openStorage{Storage: s}}
		if o.Trust {
			return startState{have: all}, nil
		}
		return startState{check: all}, nil
	}
	return t.openFileContent(ctx, o, p != nil)
}

// openFileContent is settle for content in files. whole says that all of them are
// there and right.
func (t *Torrent) openFileContent(ctx context.Context, o AddOptions, whole bool) (f startState, err error) {
	cfg := t.client.config
	var old resume.Record
	meta := t.cache.pinned
	files := t.filesOf(meta)
	if cfg.State != "" {
		if err = t.lockFiles(); err != nil {
			return f, err
		}
		if t.folder, err = t.client.recordFolder(t.dir); err != nil {
			return f, err
		}
		if old, err = loadRecord(t.folder, t.ids[0]); err != nil {
			return f, err
		}
	}
	verdict, err := t.checkRecord(ctx, old, meta.Info, files)
	if err != nil {
		return f, err
	}
	r := &verdict.Record
	switch {
	case whole || o.Trust:
		if sure := t.presentPieces(files, r.Files); sure.Count() != r.Pieces.Count() {
			r.State, r.Pieces, r.Spilled = resume.Open, sure, nil
		}
		verdict.Check = nil
	case o.Recheck:
		r.State, r.Pieces, r.Spilled = resume.Open, swarm.NewBitfield(t.geometry.Pieces()), nil
		verdict.Check = t.presentPieces(files, r.Files)
	}
	if r.Life.Added.IsZero() {
		r.Life.Added = time.Now()
	}
	r.Life.Folder = t.dir
	t.overwrite = o.Overwrite
	t.storage = &lazyStorage{}
	if t.folder != nil {
		t.storage.torrent = t
	}
	if rests := t.folder != nil && verdict.Distrust == nil && r.State == resume.Clean && r.Pieces.Count() == t.geometry.Pieces(); rests && t.saveCopy(meta) == nil {
		t.cache.unpin()
	} else if t.storage.open, err = t.openFiles(files, *r); err != nil {
		return f, err
	}
	f = startState{have: r.Pieces, check: verdict.Check, totals: r.Life}
	for _, s := range r.Spilled {
		if f.spilled == nil {
			f.spilled = make(map[int][]int)
		}
		f.spilled[s.Piece] = s.Blocks
	}
	return f, nil
}

// openFiles opens the files, and the record if anything is remembered: what is made
// is recorded as ours before.
func (t *Torrent) openFiles(files []swarm.File, r resume.Record) (*openStorage, error) {
	o := &openStorage{}
	options := t.client.config.Disk
	options.Owned = r.Owned
	options.Overwrite = options.Overwrite || t.overwrite
	options.Own = func(paths []string) error {
		if o.recorder == nil {
			return nil
		}
		return o.recorder.keeper.Own(paths)
	}
	store, err := diskstore.Open(t.dir, files, options)
	if err != nil {
		return nil, &StoreError{"open", err}
	}
	o.Storage = store
	if t.folder != nil {
		if o.recorder, err = t.openRecorder(store, files, r); err != nil {
			return nil, errors.Join(err, store.Close())
		}
	}
	return o, nil
}

// checkRecord compares a record with the files, of which it reads a sample if need be.
func (t *Torrent) checkRecord(ctx context.Context, r resume.Record, info *metainfo.Info, files []swarm.File) (resume.Verdict, error) {
	var reading *diskstore.Store
	defer func() {
		if reading != nil {
			reading.Close()
		}
	}()
	return r.Check(resume.Probe{
		Swarms:   t.ids,
		Geometry: t.geometry,
		Files:    files,
		Stat:     statIn(t.dir),
		Verify: func(pieces []int) (bool, error) {
			if reading == nil {
				// Only to read: Overwrite lets it open whatever is there.
				options := t.client.config.Disk
				options.Owned, options.Own, options.Overwrite = nil, nil, true
				store, err := diskstore.Open(t.dir, files, options)
				if err != nil {
					return false, err
				}
				reading = store
			}
			return verifySample(ctx, info.Verify, reading, t.geometry.BlockCount)(pieces)
		},
	})
}

// openRecorder opens the torrent's openRecorder, which is on disk from then on.
func (t *Torrent) openRecorder(store swarm.Storage, files []swarm.File, r resume.Record) (*recorder, error) {
	keeper, err := resume.OpenKeeper(r, resume.Config{
		Geometry: t.geometry,
		Files:    files,
		Sync:     func() error { return storeError("sync", swarm.Sync(store)) },
		Save:     t.folder.Save,
		Stat:     statIn(t.dir),
	})
	if err != nil {
		return nil, fmt.Errorf("saving the record: %w", err)
	}
	rec := &recorder{
		keeper: keeper, interval: t.client.config.Save,
		state:    t.recordState,
		checking: t.isChecking,
		warn:     t.emitWarning,
		held:     r.Pieces.Clone(),
	}
	for _, s := range r.Spilled {
		if rec.spilled == nil {
			rec.spilled = make(map[int][]int)
		}
		rec.spilled[s.Piece] = s.Blocks
	}
	return rec, nil
}

// presentPieces returns the pieces whose files are all there in the right size.
func (t *Torrent) presentPieces(files []swarm.File, seen []resume.File) swarm.Bitfield {
	set := swarm.NewBitfield(t.geometry.Pieces())
	set.SetAll(t.geometry.Pieces())
	right := make(map[string]bool, len(seen))
	for _, f := range seen {
		right[f.Path] = f.Size == f.Length
	}
	for _, f := range files {
		if f.Pad || f.Length == 0 || right[f.Path] {
			continue
		}
		for i := f.Offset / t.geometry.PieceLength; i <= (f.Offset+f.Length-1)/t.geometry.PieceLength; i++ {
			set.Clear(int(i))
		}
	}
	return set
}
