package wants

import (
	"sync"

	"github.com/shoal-bt/shoal/client/internal/selection"
	"github.com/shoal-bt/shoal/metainfo"
	"github.com/shoal-bt/shoal/resume"
	"github.com/shoal-bt/shoal/swarm"
)

// A Wants is what the user wants of a torrent. The zero value wants everything. Its methods may be
// called concurrently.
type Wants struct {
	mu        sync.Mutex           // guards what follows; not held during I/O
	selection *selection.Selection // nil while nobody chose anything
}

// A Change changes a selection, and returns the pieces whose priorities have changed.
type Change func(*selection.Selection) ([]selection.Run, error)

// Change changes what is wanted of a torrent. It returns which pieces changed, and whether files
// became wanted or unwanted.
func (w *Wants) Change(info *metainfo.Info, change Change) ([]selection.Run, selection.Toggled, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.selection == nil {
		w.selection = newSelection(info)
	}
	runs, err := change(w.selection)
	return runs, w.selection.Toggled(), err
}

func newSelection(info *metainfo.Info) *selection.Selection {
	return selection.New(info.Files(), info.Geometry())
}

// HasPiece reports whether a piece of n is wanted.
func (w *Wants) HasPiece(piece, n int) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.selection == nil {
		return piece >= 0 && piece < n
	}
	return w.selection.Has(piece)
}

// Piece returns the priority of a piece, which must exist.
func (w *Wants) Piece(index int) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.selection == nil {
		return selection.Default
	}
	return w.selection.Piece(index)
}

// File returns the priority of a file, which must exist.
func (w *Wants) File(index int) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.selection == nil {
		return selection.Default
	}
	return w.selection.File(index)
}

// Pieces returns the priority of each piece, for the engine; nil if each has the default. The slice is
// the caller's.
func (w *Wants) Pieces() []uint8 {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.selection == nil {
		return nil
	}
	return w.selection.Pieces()
}

// Unwanted reports which files are not wanted; nil for none. The slice is the caller's.
func (w *Wants) Unwanted() []bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.selection == nil {
		return nil
	}
	return w.selection.Unwanted()
}

// Record returns what the record says of what is wanted. inEngine is the part of it that the engine
// keeps.
func (w *Wants) Record(inEngine resume.Selection) (r resume.Selection) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.selection == nil {
		return r
	}
	r = w.selection.Record()
	r.Sequential = inEngine.Sequential
	if len(inEngine.Deadlines) > 0 {
		r.Deadlines = inEngine.Deadlines
	}
	return r
}

// FilesOf returns those of a torrent's files that are wanted.
func (w *Wants) FilesOf(files []swarm.File) []swarm.File {
	unwanted := w.Unwanted()
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

// Has returns a function that reports whether the file at a path is wanted. files are those of the
// torrent, and must not change.
func (w *Wants) Has(files []swarm.File) func(path string) bool {
	index := sync.OnceValue(func() map[string]int {
		m := make(map[string]int, len(files))
		for i, f := range files {
			m[f.Path] = i
		}
		return m
	})
	return func(path string) bool {
		w.mu.Lock()
		all := w.selection == nil
		w.mu.Unlock()
		if all {
			return true
		}
		i, ok := index()[path]
		return !ok || w.File(i) > 0
	}
}

// AreHeld reports whether every piece of n that is wanted is among some.
func (w *Wants) AreHeld(held swarm.Bitfield, n int) bool {
	priorities := w.Pieces()
	if priorities == nil {
		return held.Count() == n
	}
	for i, p := range priorities {
		if p > 0 && !held.Has(i) {
			return false
		}
	}
	return true
}
