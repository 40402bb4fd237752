package client

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"time"

	"github.com/shoal-bt/shoal/client/internal/content"
	"github.com/shoal-bt/shoal/client/internal/lazystorage"
	"github.com/shoal-bt/shoal/client/internal/selection"
	"github.com/shoal-bt/shoal/client/internal/wants"
	"github.com/shoal-bt/shoal/diskstore"
	"github.com/shoal-bt/shoal/engine"
	"github.com/shoal-bt/shoal/swarm"
)

// The priorities of files and pieces go from Unwanted to HighestPriority. One that nobody chose is
// DefaultPriority.
const (
	Unwanted        = 0
	DefaultPriority = selection.Default
	HighestPriority = selection.Highest
)

// A RangeError says that a priority, a file or a piece is none of the torrent.
type RangeError = selection.RangeError

// SetPriorities gives each file a priority, from Unwanted to HighestPriority, in the order of
// Files. A negative number leaves that of a file as it is. A piece has the highest priority of its
// files. The record keeps them; it is saved at once, perhaps a moment after the call has returned.
//
// It works in every phase, and may be called at any time; calls for one torrent wait for each other.
// A file that is not wanted is not made, and its bytes that come with others are stored in a
// hidden part file. If it is wanted again, they move into place before the call returns. What a
// file has that is no longer wanted, stays.
//
// The error is a *RangeError, or matches ErrNoMetadata, or ErrNotPrioritizer if the torrent's
// picker takes no priorities; then nothing has changed. With a *StoreError, or if the record
// cannot be saved, what is wanted has changed all the same.
func (t *Torrent) SetPriorities(priorities []int) error {
	return t.change(func(r *running) error {
		return r.changeWants(func(s *selection.Selection) ([]selection.Run, error) {
			all, err := s.WithPads(priorities)
			if err != nil {
				return nil, err
			}
			return s.SetFiles(all)
		})
	})
}

// SetPieces gives the pieces from first to last, both included, a priority. It holds until one of
// the files of a piece gets the next. The rest is as for SetPriorities.
func (t *Torrent) SetPieces(first, last, priority int) error {
	return t.change(func(r *running) error {
		return r.changeWants(func(s *selection.Selection) ([]selection.Run, error) {
			return s.SetPieces(first, last, priority)
		})
	})
}

// SetFirstLast says whether the first and the last piece of each file that is wanted have the
// highest priority. The rest is as for SetPriorities.
func (t *Torrent) SetFirstLast(on bool) error {
	return t.change(func(r *running) error {
		return r.changeWants(func(s *selection.Selection) ([]selection.Run, error) {
			return s.SetFirstLast(on), nil
		})
	})
}

// SetSequential says whether, of pieces of the same priority, the first of the torrent come first. The
// error matches ErrNoMetadata, or ErrNotSequencer if the torrent's picker has one order only.
func (t *Torrent) SetSequential(on bool) error {
	return t.change(func(r *running) error {
		return r.changeOrder(func() error { return r.engine.SetSequential(on) })
	})
}

// SetDeadline says when a piece is needed, until it is held; the zero time takes that back. Pieces
// with a deadline are requested first, and again of another peer if they would be late. One that
// is not wanted gets priority 1. The rest is as for SetPriorities.
func (t *Torrent) SetDeadline(piece int, at time.Time) error {
	return t.change(func(r *running) error {
		err := r.changeWants(func(s *selection.Selection) ([]selection.Run, error) { return s.Want(piece) })
		if err != nil {
			return err
		}
		return r.changeOrder(func() error { return r.readers().SetUser(piece, at) })
	})
}

// ClearDeadlines takes all deadlines back. Priorities stay.
func (t *Torrent) ClearDeadlines() error {
	return t.change(func(r *running) error { return r.changeOrder(r.readers().ClearUser) })
}

// Includes reports whether a piece is wanted. It reports false for a piece that does not exist, and
// while the metadata is missing.
func (t *Torrent) Includes(piece int) bool {
	r, isRunning := t.now().(*running)
	return isRunning && r.wants.HasPiece(piece, r.geometry.Pieces())
}

// File returns the file with a Path, such as "folder/name". The error matches fs.ErrNotExist if
// there is none, and is otherwise that of Files.
func (t *Torrent) File(path string) (File, error) {
	all, err := t.Files()
	if err != nil {
		return File{}, err
	}
	i := slices.IndexFunc(all, func(f File) bool { return f.Path == path })
	if i < 0 {
		return File{}, fmt.Errorf("client: %q: %s: %w", t.Name(), path, fs.ErrNotExist)
	}
	return all[i], nil
}

// change calls do with the torrent when its metadata is there.
func (t *Torrent) change(do func(*running) error) error {
	r, isRunning := t.now().(*running)
	if !isRunning {
		_, err := t.Metainfo()
		return err
	}
	return do(r)
}

// SetPriority gives the file a priority, from Unwanted to HighestPriority. The rest is as for
// Torrent.SetPriorities.
func (f File) SetPriority(priority int) error {
	return f.torrent.change(func(r *running) error {
		return r.changeWants(func(s *selection.Selection) ([]selection.Run, error) {
			return s.SetFile(f.Index, priority)
		})
	})
}

// Wait waits until every piece with bytes of the file is held. It fails as Torrent.Await does; the
// error matches ErrNotWanted if one of the pieces is not wanted.
func (f File) Wait(ctx context.Context) error {
	for piece := f.first; piece < f.end; piece++ {
		if err := f.torrent.Await(ctx, piece); err != nil {
			return err
		}
	}
	return nil
}

// changeWants changes what is wanted: first in the record, then in the storage, which moves what is
// needed out of the part file, and then in the engine, which requests what is missing.
func (t *running) changeWants(change wants.Change) error {
	t.lifecycle.Lock()
	defer t.lifecycle.Unlock()
	if err := t.checkOpen(); err != nil {
		return err
	}
	return t.wrapError(t.withStorage(func(o *lazystorage.Handle) error {
		if t.client.config.NewPicker != nil {
			if err := t.engine.Prioritize(nil); err != nil { // before anything changes
				return err
			}
		}
		runs, toggled, err := t.changeSelection(change)
		if err != nil {
			return err
		}
		var errs []error
		if toggled.Any() {
			errs = append(errs, t.saveSelection(o, toggled), t.moveWanted(o.Storage))
		}
		errs = append(errs, t.readers().Prioritize(engineRuns(runs)))
		o.Recorder.ScheduleSave()
		return errors.Join(errs...)
	}))
}

// changeSelection changes the selection.
func (t *running) changeSelection(change wants.Change) ([]selection.Run, selection.Toggled, error) {
	meta, err := t.metainfo()
	if err != nil {
		return nil, selection.Toggled{}, err
	}
	return t.wants.Change(meta.Info, change)
}

// saveSelection has the record say what is wanted before bytes of files that became unwanted go to the part
// file: the next run would otherwise make these files of it. The record of a torrent with many files
// takes long to save, so that is done in the background if there is no part file yet, because the
// record is saved before one is made.
func (t *running) saveSelection(o *lazystorage.Handle, toggled selection.Toggled) error {
	o.Recorder.Select(t.selectionRecord())
	store, inFiles := o.Storage.(*diskstore.Store)
	hasPart := false
	if inFiles {
		_, hasPart = store.Part()
	}
	if toggled.Unwanted && hasPart {
		return o.Recorder.SaveNow()
	}
	if t.client.beginCall() != nil {
		return nil // Close saves it
	}
	if t.selectionPending.Swap(true) {
		t.client.endCall()
		return nil
	}
	go func() {
		defer t.client.endCall()
		t.selectionPending.Store(false)
		err := o.Recorder.SaveNow()
		if err != nil {
			t.emitWarning(err)
		}
	}()
	return nil
}

// moveWanted has a storage in files know which are wanted. If no byte of these is missing, no write will
// make those without bytes, so it makes them.
func (t *running) moveWanted(s swarm.Storage) error {
	store, ok := s.(*diskstore.Store)
	if !ok {
		return nil
	}
	before := slices.Sorted(slices.Values(store.InPart()))
	err := store.SetUnwanted(t.wants.Unwanted())
	if len(before) > 0 {
		t.reportMoved(before, slices.Sorted(slices.Values(store.InPart())))
	}
	if err == nil && !t.readOnly && t.wants.AreHeld(t.engine.Pieces(), t.geometry.Pieces()) {
		err = store.Create()
	}
	return lazystorage.Wrap("write", err)
}

// reportMoved emits FileCompleted for the files that were moved out of the part file with all of their
// bytes. Nothing said so when their last piece came, because they did not exist.
func (t *running) reportMoved(before, after []string) {
	meta, err := t.metainfo()
	if err != nil {
		t.emitWarning(err)
		return
	}
	held := t.engine.Pieces()
	for i, f := range t.filesOf(meta) {
		_, wasIn := slices.BinarySearch(before, f.Path)
		_, isIn := slices.BinarySearch(after, f.Path)
		if wasIn && !isIn && content.Held(t.geometry, held, f.Offset, f.Length) == f.Length {
			t.client.engine.Report(FileCompleted{Torrent: t.torrent.id, Index: i, Path: meta.Info.Entries[i].Path, Length: f.Length})
		}
	}
}

// changeOrder changes something that only the engine does, and the record keeps.
func (t *running) changeOrder(change func() error) error {
	t.lifecycle.Lock()
	defer t.lifecycle.Unlock()
	if err := t.checkOpen(); err != nil {
		return err
	}
	return t.wrapError(t.withStorage(func(o *lazystorage.Handle) error {
		_, _, err := t.changeSelection(func(*selection.Selection) ([]selection.Run, error) { return nil, nil })
		if err == nil {
			err = change()
		}
		o.Recorder.ScheduleSave()
		return err
	}))
}

// withStorage calls do with what is open. It opens an idle torrent first, which is idle again
// afterwards.
func (t *running) withStorage(do func(*lazystorage.Handle) error) error {
	o := t.storage.Current()
	if o == nil {
		if err := t.storage.Reopen(false); err != nil {
			return err
		}
		o = t.storage.Current()
		defer t.startBecomingIdle()
	}
	return do(o)
}

func engineRuns(runs []selection.Run) []engine.PriorityRun {
	all := make([]engine.PriorityRun, len(runs))
	for i, r := range runs {
		all[i] = engine.PriorityRun(r)
	}
	return all
}
