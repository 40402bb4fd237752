package client

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/shoal-bt/shoal/client/internal/selection"
	"github.com/shoal-bt/shoal/metainfo"
	"github.com/shoal-bt/shoal/resume"
	"github.com/shoal-bt/shoal/swarm"
)

// errSelectsNothing says that a link selects no file of its torrent.
var errSelectsNothing = errors.New("the link selects files that the torrent does not have; all files are downloaded")

// A wants is what the user wants of a torrent.
type wants struct {
	mu        sync.Mutex           // guards what follows; not held during I/O
	selection *selection.Selection // nil while nobody chose anything

	savePending atomic.Bool // a save is about to begin
}

// A finishedFiles is the files that were moved to their paths, or could not be. Its methods may be called
// concurrently.
type finishedFiles struct {
	mu    sync.Mutex // guards what follows; not held during I/O
	files map[int]bool
}

// add reports whether a file was not added before.
func (f *finishedFiles) add(index int) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.files[index] {
		return false
	}
	if f.files == nil {
		f.files = make(map[int]bool)
	}
	f.files[index] = true
	return true
}

// reset has all files be moved again that are not at their paths.
func (f *finishedFiles) reset() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.files = nil
}

// A choice is what says at the start what is wanted.
type choice struct {
	options AddOptions
	link    *metainfo.Magnet // nil for none
	record  resume.Selection // of a former run
}

// choose finds out what is wanted: what the options say, or else the record of a former run, or else
// the link. It returns the part of it that the engine keeps, and an error of the options.
func (t *running) choose(c choice, meta *metainfo.Torrent) (resume.Selection, error) {
	var kept resume.Selection
	var priorities []int
	if c.options.Priorities != nil {
		given, err := c.options.Priorities(meta.Info)
		if err != nil {
			return kept, fmt.Errorf("choosing files: %w", err)
		}
		priorities = toInts(given)
	}
	s := selection.New(meta.Info.Files(), t.geometry)
	chosen := priorities != nil
	if !chosen && !c.record.IsZero() {
		chosen = s.Restore(c.record) == nil
		if chosen {
			kept = c.record
		} else {
			s = selection.New(meta.Info.Files(), t.geometry) // the record is damaged, or of another torrent
		}
	}
	if !chosen && c.link != nil && len(c.link.Select) > 0 {
		priorities = selection.OfLink(c.link.Select, len(meta.Info.Entries))
		chosen = priorities != nil
		if !chosen {
			t.emitWarning(errSelectsNothing)
		}
	}
	if priorities != nil {
		if _, err := s.SetFiles(priorities); err != nil {
			return kept, fmt.Errorf("choosing files: %w", err)
		}
	}
	kept.Sequential = kept.Sequential || c.options.Sequential
	if c.options.FirstLast {
		s.SetFirstLast(true)
	}
	if chosen || c.options.FirstLast || kept.Sequential {
		s.Toggled()
		t.wants.selection = s
	}
	return kept, nil
}

// toInts returns nil for nil.
func toInts(priorities []uint8) []int {
	if priorities == nil {
		return nil
	}
	all := make([]int, len(priorities))
	for i, p := range priorities {
		all[i] = int(p)
	}
	return all
}

// openSelection makes the selection of a torrent of which nobody chose anything.
func (t *running) openSelection() error {
	t.wants.mu.Lock()
	has := t.wants.selection != nil
	t.wants.mu.Unlock()
	if has {
		return nil
	}
	meta, err := t.metainfo()
	if err != nil {
		return err
	}
	t.wants.mu.Lock()
	defer t.wants.mu.Unlock()
	t.wants.selection = selection.New(meta.Info.Files(), t.geometry)
	return nil
}

// changeSelection changes the selection.
func (t *running) changeSelection(change func(*selection.Selection) ([]selection.Run, error)) (runs []selection.Run, toggled selection.Toggled, err error) {
	if err := t.openSelection(); err != nil {
		return nil, toggled, err
	}
	t.wants.mu.Lock()
	defer t.wants.mu.Unlock()
	runs, err = change(t.wants.selection)
	return runs, t.wants.selection.Toggled(), err
}

// selectionRecord returns what the record says of what is wanted. inEngine is the part of it that the
// engine keeps.
func (t *running) selectionRecord(inEngine resume.Selection) (r resume.Selection) {
	t.wants.mu.Lock()
	defer t.wants.mu.Unlock()
	if t.wants.selection == nil {
		return r
	}
	r = t.wants.selection.Record()
	r.Sequential = inEngine.Sequential
	if len(inEngine.Deadlines) > 0 {
		r.Deadlines = inEngine.Deadlines
	}
	return r
}

// union returns the pieces that are in a or in b. It changes a.
func union(a, b swarm.Bitfield) swarm.Bitfield {
	for i := range a {
		a[i] |= b[i]
	}
	return a
}

// priorities returns the priority of each piece, for the engine; nil if nobody chose one.
func (t *running) priorities() []uint8 {
	t.wants.mu.Lock()
	defer t.wants.mu.Unlock()
	if t.wants.selection == nil {
		return nil
	}
	return t.wants.selection.Pieces()
}

// unwanted reports which files are not wanted; nil for none.
func (t *running) unwanted() []bool {
	t.wants.mu.Lock()
	defer t.wants.mu.Unlock()
	if t.wants.selection == nil {
		return nil
	}
	return t.wants.selection.Unwanted()
}

// wantedFiles returns those files that are wanted.
func (t *running) wantedFiles(files []swarm.File) []swarm.File {
	unwanted := t.unwanted()
	if unwanted == nil {
		return files
	}
	var wanted []swarm.File
	for i, f := range files {
		if !unwanted[i] {
			wanted = append(wanted, f)
		}
	}
	return wanted
}

// isWanted returns a function that reports whether the file at a path is wanted.
func (t *running) isWanted(files []swarm.File) func(path string) bool {
	index := sync.OnceValue(func() map[string]int {
		m := make(map[string]int, len(files))
		for i, f := range files {
			m[f.Path] = i
		}
		return m
	})
	return func(path string) bool {
		if t.unwanted() == nil {
			return true
		}
		i, ok := index()[path]
		return !ok || t.priorityOf(i) > 0
	}
}

// holdsWanted reports whether every piece that is wanted is among some.
func (t *running) holdsWanted(held swarm.Bitfield) bool {
	priorities := t.priorities()
	if priorities == nil {
		return held.Count() == t.geometry.Pieces()
	}
	for i, p := range priorities {
		if p > 0 && !held.Has(i) {
			return false
		}
	}
	return true
}
