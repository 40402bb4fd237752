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

// A place is where content is that is there already, whole.
type place struct {
	dir     string        // of the operating system; empty for none
	files   []swarm.File  // below dir, in the order of the torrent
	storage swarm.Storage // in place of dir and files
}

// findings are what a torrent begins with.
type findings struct {
	have, check swarm.Bitfield
	spilled     map[int][]int
	life        resume.Totals
}

// settle opens the torrent's storage and finds out what it holds. With an error,
// nothing is left open.
func (t *Torrent) settle(ctx context.Context, o AddOptions, p *place) (findings, error) {
	all := swarm.NewBitfield(t.geometry.Pieces())
	all.SetAll(t.geometry.Pieces())
	switch {
	case p != nil && p.storage != nil:
		t.storage = &ledger{open: &opened{Storage: p.storage}}
		return findings{have: all}, nil
	case p != nil:
		t.dir, t.place = p.dir, p.files
	case t.client.config.NewStorage != nil:
		s, err := t.client.config.NewStorage(t.original.kept, t.dir)
		if err != nil {
			return findings{}, &StoreError{"open", err}
		}
		t.storage = &ledger{open: &opened{Storage: s}}
		if o.Trust {
			return findings{have: all}, nil
		}
		return findings{check: all}, nil
	}
	return t.settleFiles(ctx, o, p != nil)
}

// settleFiles is settle for content in files. whole says that all of them are
// there and right.
func (t *Torrent) settleFiles(ctx context.Context, o AddOptions, whole bool) (f findings, err error) {
	cfg := t.client.config
	var old resume.Record
	meta := t.original.kept
	files := t.filesOf(meta)
	if cfg.State != "" {
		if err = t.lock(); err != nil {
			return f, err
		}
		if t.folder, err = t.client.recordsOf(t.dir); err != nil {
			return f, err
		}
		if old, err = load(t.folder, t.ids[0]); err != nil {
			return f, err
		}
	}
	verdict, err := t.check(ctx, old, meta.Info, files)
	if err != nil {
		return f, err
	}
	r := &verdict.Record
	switch {
	case whole || o.Trust:
		if sure := t.present(files, r.Files); sure.Count() != r.Pieces.Count() {
			r.State, r.Pieces, r.Spilled = resume.Open, sure, nil
		}
		verdict.Check = nil
	case o.Recheck:
		r.State, r.Pieces, r.Spilled = resume.Open, swarm.NewBitfield(t.geometry.Pieces()), nil
		verdict.Check = t.present(files, r.Files)
	}
	if r.Totals.Added.IsZero() {
		r.Totals.Added = time.Now()
	}
	r.Totals.Folder = t.dir
	t.overwrite = o.Overwrite
	t.storage = &ledger{}
	if t.folder != nil {
		t.storage.torrent = t
	}
	if rests := t.folder != nil && verdict.Distrust == nil && r.State == resume.Clean && r.Pieces.Count() == t.geometry.Pieces(); rests && t.shelve(meta) == nil {
		t.original.release()
	} else if t.storage.open, err = t.openFiles(files, *r); err != nil {
		return f, err
	}
	f = findings{have: r.Pieces, check: verdict.Check, life: r.Totals}
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
func (t *Torrent) openFiles(files []swarm.File, r resume.Record) (*opened, error) {
	o := &opened{}
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
		if o.recorder, err = t.record(store, files, r); err != nil {
			return nil, errors.Join(err, store.Close())
		}
	}
	return o, nil
}

// check compares a record with the files, of which it reads a sample if need be.
func (t *Torrent) check(ctx context.Context, r resume.Record, info *metainfo.Info, files []swarm.File) (resume.Verdict, error) {
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
			return sample(ctx, info.Verify, reading, t.geometry.BlockCount)(pieces)
		},
	})
}

// record opens the torrent's record, which is on disk from then on.
func (t *Torrent) record(store swarm.Storage, files []swarm.File, r resume.Record) (*recorder, error) {
	keeper, err := resume.OpenKeeper(r, resume.Config{
		Geometry: t.geometry,
		Files:    files,
		Sync:     func() error { return named("sync", swarm.Sync(store)) },
		Save:     t.folder.Save,
		Stat:     statIn(t.dir),
	})
	if err != nil {
		return nil, fmt.Errorf("saving the record: %w", err)
	}
	rec := &recorder{
		keeper: keeper, every: t.client.config.Save,
		holds: t.holds,
		busy:  t.checking,
		fail:  t.warn,
		held:  r.Pieces.Clone(),
	}
	for _, s := range r.Spilled {
		if rec.spilled == nil {
			rec.spilled = make(map[int][]int)
		}
		rec.spilled[s.Piece] = s.Blocks
	}
	return rec, nil
}

// present returns the pieces whose files are all there in the right size.
func (t *Torrent) present(files []swarm.File, seen []resume.File) swarm.Bitfield {
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
