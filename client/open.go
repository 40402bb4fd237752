package client

import (
	"context"
	"errors"
	"io/fs"
	"slices"
	"time"

	"github.com/shoal-bt/shoal/diskstore"
	"github.com/shoal-bt/shoal/metainfo"
	"github.com/shoal-bt/shoal/resume"
	"github.com/shoal-bt/shoal/swarm"
)

// A seedContent is where the content of a seed is. All of it exists.
type seedContent struct {
	dir     string        // of the operating system; empty for none
	files   []swarm.File  // below dir, in the order of the torrent
	storage swarm.Storage // in place of dir and files
}

// A startState is what a torrent starts with.
type startState struct {
	have, check swarm.Bitfield // pieces that are held, and that the engine has to check
	spilled     map[int][]int  // blocks of partial pieces, by piece
	totals      resume.Totals
}

// openContent opens the torrent's storage and finds out which pieces it has. seed is nil
// for a download. With an error, nothing stays open.
func (t *Torrent) openContent(ctx context.Context, o AddOptions, seed *seedContent) (startState, error) {
	all := swarm.NewBitfield(t.geometry.Pieces())
	all.SetAll(t.geometry.Pieces())
	t.readOnly = o.ReadOnly || seed != nil
	switch {
	case seed != nil && seed.storage != nil:
		t.storage = &lazyStorage{torrent: t, open: &handle{Storage: seed.storage}}
		return startState{have: all}, nil
	case seed != nil:
		t.dir, t.seedFiles = seed.dir, seed.files
	case t.client.config.NewStorage != nil:
		s, err := t.client.config.NewStorage(t.cache.pinned, t.dir)
		if err != nil {
			return startState{}, &StoreError{"open", err}
		}
		t.storage = &lazyStorage{torrent: t, open: &handle{Storage: s}}
		if o.Trust {
			return startState{have: all}, nil
		}
		return startState{check: all}, nil
	}
	return t.openFileContent(ctx, o, seed != nil)
}

// openFileContent is openContent for content in files. complete says that all files
// exist and are right. What the record and the files agree on is held; other pieces
// whose files have their sizes are checked.
func (t *Torrent) openFileContent(ctx context.Context, o AddOptions, complete bool) (s startState, err error) {
	var old resume.Record
	meta := t.cache.pinned
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
		if old, err = loadRecord(t.folder, t.ids[0]); err != nil {
			return s, err
		}
	}
	verdict, err := t.checkRecord(ctx, old, meta.Info, files)
	if err != nil {
		return s, err
	}
	r := &verdict.Record
	switch {
	case complete || o.Trust:
		present := t.presentPieces(files, r.Files, true)
		if present.Count() != r.Pieces.Count() {
			r.State, r.Pieces, r.Spilled = resume.Open, present, nil
		}
		verdict.Check = nil
	case o.Recheck:
		r.State, r.Pieces, r.Spilled = resume.Open, swarm.NewBitfield(t.geometry.Pieces()), nil
		verdict.Check = t.presentPieces(files, r.Files, false)
	}
	if r.Totals.Added.IsZero() {
		r.Totals.Added = time.Now()
	}
	r.Totals.Folder = t.dir
	t.overwrite = o.Overwrite
	t.storage = &lazyStorage{torrent: t}
	allHeld := r.Pieces.Count() == t.geometry.Pieces()
	toMake := allHeld && !t.readOnly && t.lacksFile(files)
	recordedComplete := verdict.Distrust == nil && r.State == resume.Clean && allHeld && !toMake
	if t.folder != nil && recordedComplete && t.saveCopy(meta) == nil {
		t.cache.unpin() // it starts idle
	} else if t.storage.open, err = t.openFiles(files, *r); err != nil {
		return s, err
	}
	if toMake {
		err = storeError("open", t.storage.open.Storage.(*diskstore.Store).Create())
		if err != nil {
			return s, errors.Join(err, t.storage.Close(), t.storage.closeRecord())
		}
	}
	return startState{have: r.Pieces, check: verdict.Check, spilled: blocksByPiece(r.Spilled), totals: r.Totals}, nil
}

// lacksFile reports whether a file or symlink does not exist. If every piece is held it is
// one without bytes, which a record may not list.
func (t *Torrent) lacksFile(files []swarm.File) bool {
	stat := statIn(t.dir)
	return slices.ContainsFunc(files, func(f swarm.File) bool {
		noLink := f.Symlink != "" && t.client.config.Disk.NoSymlinks
		if f.Pad || f.Length > 0 || noLink {
			return false
		}
		_, err := stat(f.Path)
		return errors.Is(err, fs.ErrNotExist)
	})
}

// openFiles opens the files, and the record if anything is remembered. The record lists
// a file or folder as ours before it is made.
func (t *Torrent) openFiles(files []swarm.File, r resume.Record) (*handle, error) {
	o := &handle{}
	options := t.client.config.Disk
	options.Owned = r.Owned
	options.ModTime = modTimes(r.Files)
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
	if t.folder == nil {
		return o, nil
	}
	if o.recorder, err = t.openRecorder(store, files, r); err != nil {
		return nil, errors.Join(err, store.Close())
	}
	return o, nil
}

// modTimes returns the modification times of files that were seen, for a store.
func modTimes(seen []resume.File) func(string) (time.Time, bool) {
	times := make(map[string]time.Time, len(seen))
	for _, f := range seen {
		if f.Size != resume.Absent {
			times[f.Path] = f.ModTime
		}
	}
	return func(path string) (time.Time, bool) {
		at, known := times[path]
		return at, known
	}
}

// checkRecord compares a record with the files. If they differ in a way that a sample of
// pieces can settle, it reads one.
func (t *Torrent) checkRecord(ctx context.Context, r resume.Record, info *metainfo.Info, files []swarm.File) (resume.Verdict, error) {
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
		Stat:     statIn(t.dir),
		Verify: func(pieces []int) (bool, error) {
			if store == nil {
				// Overwrite lets it open files of any size; it only reads.
				options := t.client.config.Disk
				options.Owned, options.Own, options.Overwrite = nil, nil, true
				opened, err := diskstore.Open(t.dir, files, options)
				if err != nil {
					return false, err
				}
				store = opened
			}
			return verifySample(ctx, info.Verify, store, t.geometry.BlockCount)(pieces)
		},
	})
}

// presentPieces returns the pieces of which all bytes exist. If full is set, the files must
// have their sizes, too.
func (t *Torrent) presentPieces(files []swarm.File, seen []resume.File, full bool) swarm.Bitfield {
	set := swarm.NewBitfield(t.geometry.Pieces())
	set.SetAll(t.geometry.Pieces())
	sizes := make(map[string]int64, len(seen))
	for _, f := range seen {
		if f.Size == f.Length || !full {
			sizes[f.Path] = f.Size
		}
	}
	for _, f := range files {
		if f.Pad || f.Symlink != "" {
			continue
		}
		missing := f.Offset + max(sizes[f.Path], 0)
		for i := missing / t.geometry.PieceLength; missing < f.Offset+f.Length && i <= (f.Offset+f.Length-1)/t.geometry.PieceLength; i++ {
			set.Clear(int(i))
		}
	}
	return set
}
