package client

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/shoal-bt/shoal/diskstore"
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
	life        resume.Life
}

// settle opens the torrent's storage and finds out what it holds. With an error,
// nothing is left open.
func (t *Torrent) settle(ctx context.Context, o AddOptions, p *place) (findings, error) {
	all := swarm.NewBitfield(t.geometry.Pieces())
	all.SetAll(t.geometry.Pieces())
	switch {
	case p != nil && p.storage != nil:
		t.storage = &ledger{Storage: p.storage}
		return findings{have: all}, nil
	case p != nil:
		t.dir, t.files = p.dir, p.files
	case t.client.config.NewStorage != nil:
		s, err := t.client.config.NewStorage(t.meta, t.dir)
		if err != nil {
			return findings{}, &StoreError{"open", err}
		}
		t.storage = &ledger{Storage: s}
		if o.Trust {
			return findings{have: all}, nil
		}
		return findings{check: all}, nil
	default:
		t.files = t.info.Files()
	}
	return t.settleFiles(ctx, o, p != nil)
}

// settleFiles is settle for content in files. whole says that all of them are
// there and right.
func (t *Torrent) settleFiles(ctx context.Context, o AddOptions, whole bool) (f findings, err error) {
	cfg := t.client.config
	var old resume.Record
	var folder *resume.Folder
	if cfg.State != "" {
		if err = t.lock(); err != nil {
			return f, err
		}
		if folder, err = folderFor(cfg.State, t.dir); err != nil {
			return f, err
		}
		if old, err = load(folder, t.ids[0]); err != nil {
			return f, err
		}
	}
	verdict, err := t.check(ctx, old)
	if err != nil {
		return f, err
	}
	r := &verdict.Record
	switch {
	case whole || o.Trust:
		if sure := t.present(r.Files); sure.Count() != r.Pieces.Count() {
			r.State, r.Pieces, r.Spilled = resume.Open, sure, nil
		}
		verdict.Check = nil
	case o.Recheck:
		r.State, r.Pieces, r.Spilled = resume.Open, swarm.NewBitfield(t.geometry.Pieces()), nil
		verdict.Check = t.present(r.Files)
	}
	if r.Life.Added.IsZero() {
		r.Life.Added = time.Now()
	}
	r.Life.Folder = t.dir
	store, err := t.openStore(o, r.Owned)
	if err != nil {
		return f, err
	}
	t.storage = &ledger{Storage: store}
	if folder != nil {
		if err := t.record(folder, *r); err != nil {
			return f, errors.Join(err, store.Close())
		}
	}
	f = findings{have: r.Pieces, check: verdict.Check, life: r.Life}
	for _, s := range r.Spilled {
		if f.spilled == nil {
			f.spilled = make(map[int][]int)
		}
		f.spilled[s.Piece] = s.Blocks
	}
	return f, nil
}

// openStore opens the files. What it makes is recorded as ours before.
func (t *Torrent) openStore(o AddOptions, owned []string) (*diskstore.Store, error) {
	options := t.client.config.Disk
	options.Owned = owned
	options.Overwrite = options.Overwrite || o.Overwrite
	options.Own = func(paths []string) error {
		if t.recorder == nil {
			return nil
		}
		return t.recorder.keeper.Own(paths)
	}
	store, err := diskstore.Open(t.dir, t.files, options)
	if err != nil {
		return nil, &StoreError{"open", err}
	}
	return store, nil
}

// check compares a record with the files, of which it reads a sample if need be.
func (t *Torrent) check(ctx context.Context, r resume.Record) (resume.Verdict, error) {
	var reading *diskstore.Store
	defer func() {
		if reading != nil {
			reading.Close()
		}
	}()
	return r.Check(resume.Probe{
		Swarms:   t.ids,
		Geometry: t.geometry,
		Files:    t.files,
		Stat:     statIn(t.dir),
		Verify: func(pieces []int) (bool, error) {
			if reading == nil {
				// Only to read: Overwrite lets it open whatever is there.
				options := t.client.config.Disk
				options.Owned, options.Own, options.Overwrite = nil, nil, true
				store, err := diskstore.Open(t.dir, t.files, options)
				if err != nil {
					return false, err
				}
				reading = store
			}
			return sample(ctx, t.info.Verify, reading, t.geometry.BlockCount)(pieces)
		},
	})
}

// record opens the torrent's record, which is on disk from then on.
func (t *Torrent) record(folder *resume.Folder, r resume.Record) error {
	storage := t.storage
	keeper, err := resume.OpenKeeper(r, resume.Config{
		Geometry: t.geometry,
		Files:    t.files,
		Sync:     storage.Sync,
		Save:     folder.Save,
		Stat:     statIn(t.dir),
	})
	if err != nil {
		return fmt.Errorf("saving the record: %w", err)
	}
	rec := &recorder{
		folder: folder, keeper: keeper, id: t.ids[0], every: t.client.config.Save,
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
	t.recorder = rec
	storage.wrote = rec.wrote
	return nil
}

// present returns the pieces whose files are all there in the right size.
func (t *Torrent) present(seen []resume.File) swarm.Bitfield {
	set := swarm.NewBitfield(t.geometry.Pieces())
	set.SetAll(t.geometry.Pieces())
	right := make(map[string]bool, len(seen))
	for _, f := range seen {
		right[f.Path] = f.Size == f.Length
	}
	for _, f := range t.files {
		if f.Pad || f.Length == 0 || right[f.Path] {
			continue
		}
		for i := f.Offset / t.geometry.PieceLength; i <= (f.Offset+f.Length-1)/t.geometry.PieceLength; i++ {
			set.Clear(int(i))
		}
	}
	return set
}
