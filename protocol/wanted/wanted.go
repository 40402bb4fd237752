// Package wanted keeps what the user wants of the pieces of a torrent.
//
// In come priorities, deadlines, the order, and which pieces are held; out go how many wanted
// pieces and bytes are missing, and what a new picker must know. A [Pieces] is a value that
// one goroutine owns. It does no I/O and reads no clock. Package protocol decides what
// follows from a change.
package wanted

import (
	"maps"
	"slices"
	"time"

	"github.com/shoal-bt/shoal/swarm"
)

// The priorities of a piece go from 0, not wanted, to Highest.
const (
	Lowest  = 1 // of a piece that is wanted
	Default = 4 // of a piece to which nobody gave a priority
	Highest = 7
)

// A Pieces is what is wanted of each piece of a torrent. Nil is that of a torrent of which
// everything is wanted, with the default priority: methods that change nothing, and Hold and
// Lose, may be called on it.
type Pieces struct {
	geo        *swarm.Geometry
	priorities []uint8           // nil while every piece has the default
	isOwn      bool              // priorities is ours, so it may be changed
	deadlines  map[int]time.Time // of pieces that are wanted and not held; nil for none
	nearest    byTime            // has each of deadlines, and some that do not hold any more
	sequential bool
	figures    Figures
}

// Figures are how much is wanted, and how much of it is missing.
type Figures struct {
	Count, Missing int   // pieces
	Length, Left   int64 // bytes of these
}

// New returns what is wanted of a torrent of which some pieces are held. There is a priority
// for each piece; nil means that all have the default. The slice must not change any more.
func New(geo *swarm.Geometry, priorities []uint8, held swarm.Bitfield) *Pieces {
	w := &Pieces{geo: geo, priorities: priorities}
	for i := range geo.Pieces() {
		if w.Has(i) {
			w.add(i, 1, held.Has(i))
		}
	}
	return w
}

// Start returns what is wanted of a torrent of which nothing is held yet; nil if that is
// everything. The priorities are as in New, the deadlines as in SetDeadlines.
func Start(geo *swarm.Geometry, priorities []uint8, deadlines map[int]time.Time, sequential bool) *Pieces {
	if priorities == nil && len(deadlines) == 0 && !sequential {
		return nil
	}
	w := New(geo, priorities, nil)
	w.sequential = sequential
	for _, piece := range slices.Sorted(maps.Keys(deadlines)) {
		w.setDeadline(piece, deadlines[piece], nil, nil)
	}
	return w
}

// Length returns the number of bytes of all pieces.
func Length(geo *swarm.Geometry) (n int64) {
	if !geo.Short {
		return geo.Length
	}
	for i := range geo.Pieces() {
		n += int64(geo.PieceLen(i))
	}
	return n
}

// add counts a piece n times more.
func (w *Pieces) add(piece, n int, isHeld bool) {
	size := int64(n) * int64(w.geo.PieceLen(piece))
	w.figures.Count += n
	w.figures.Length += size
	if !isHeld {
		w.figures.Missing += n
		w.figures.Left += size
	}
}

// Figures returns how much is wanted. all is how much there is, for a nil w.
func (w *Pieces) Figures(all Figures) Figures {
	if w == nil {
		return all
	}
	return w.figures
}

// Priority returns the priority of a piece, which must exist.
func (w *Pieces) Priority(piece int) int {
	if w == nil || w.priorities == nil {
		return Default
	}
	return int(w.priorities[piece])
}

// Has reports whether a piece, which must exist, is wanted.
func (w *Pieces) Has(piece int) bool { return w.Priority(piece) > 0 }

// Sequential reports whether pieces are begun in the order of their indices.
func (w *Pieces) Sequential() bool { return w != nil && w.sequential }

// SetSequential says whether pieces are begun in the order of their indices, and tells the
// picker.
func (w *Pieces) SetSequential(on bool, picker swarm.Picker) {
	w.sequential = on
	p, ok := picker.(swarm.Sequencer)
	if ok {
		p.SetSequential(on)
	}
}

// Priorities returns the priority of each piece, of n. The caller owns the slice.
func (w *Pieces) Priorities(n int) []uint8 {
	if w == nil || w.priorities == nil {
		return slices.Repeat([]uint8{Default}, n)
	}
	return slices.Clone(w.priorities)
}

// Deadlines returns the deadlines by piece. The caller owns the map.
func (w *Pieces) Deadlines() map[int]time.Time {
	if w == nil {
		return nil
	}
	return maps.Clone(w.deadlines)
}

// Hold notes that a piece, which was missing, is held.
func (w *Pieces) Hold(piece int) {
	if w == nil {
		return
	}
	if w.Has(piece) {
		w.figures.Missing--
		w.figures.Left -= int64(w.geo.PieceLen(piece))
	}
	delete(w.deadlines, piece)
}

// Lose notes that a piece, which was held, is missing.
func (w *Pieces) Lose(piece int) {
	if w != nil && w.Has(piece) {
		w.figures.Missing++
		w.figures.Left += int64(w.geo.PieceLen(piece))
	}
}

// Set gives pieces a priority, tells the picker of each change, and reports whether there was
// one. A piece that is not wanted any more loses its deadline. held are the pieces that are held.
// The runs must have passed Check.
func (w *Pieces) Set(runs []Run, held swarm.Bitfield, picker swarm.Picker) (changed bool) {
	p, ok := picker.(swarm.Prioritizer)
	for _, r := range runs {
		for piece := r.First; piece <= r.Last; piece++ {
			if !w.set(piece, r.Priority, held) {
				continue
			}
			changed = true
			if ok {
				p.SetPriority(piece, int(r.Priority))
			}
			if ok && r.Priority == 0 {
				p.SetDeadline(piece, time.Time{})
			}
		}
	}
	return changed
}

// set gives a piece a priority, and reports whether it had another one.
func (w *Pieces) set(piece int, priority uint8, held swarm.Bitfield) (changed bool) {
	old := w.Priority(piece)
	if old == int(priority) {
		return false
	}
	if !w.isOwn {
		w.priorities, w.isOwn = w.Priorities(w.geo.Pieces()), true
	}
	w.priorities[piece] = priority
	switch {
	case old == 0:
		w.add(piece, 1, held.Has(piece))
	case priority == 0:
		w.add(piece, -1, held.Has(piece))
		delete(w.deadlines, piece)
	}
	return true
}

// A Deadline says when a piece is needed.
type Deadline struct {
	Piece int
	At    time.Time // zero takes the deadline back
}

// SetDeadlines says when pieces, which must exist, are needed, and tells the picker. Of several
// changes of a piece the last one counts. A piece that is held needs no deadline. One that is not
// wanted gets the lowest priority; then raised is true.
func (w *Pieces) SetDeadlines(changes []Deadline, held swarm.Bitfield, picker swarm.Picker) (raised bool) {
	for _, c := range changes {
		raised = w.setDeadline(c.Piece, c.At, held, picker) || raised
	}
	return raised
}

func (w *Pieces) setDeadline(piece int, at time.Time, held swarm.Bitfield, picker swarm.Picker) (raised bool) {
	switch {
	case at.IsZero():
		delete(w.deadlines, piece)
	case held.Has(piece):
		return false
	default:
		if w.deadlines == nil {
			w.deadlines = make(map[int]time.Time)
		}
		w.deadlines[piece] = at
		w.addNearest(Deadline{piece, at})
		raised = !w.Has(piece) && w.Set([]Run{{piece, piece, Lowest}}, held, picker)
	}
	p, ok := picker.(swarm.Prioritizer)
	if ok {
		p.SetDeadline(piece, at)
	}
	return raised
}

// ClearDeadlines takes all deadlines back, and tells the picker.
func (w *Pieces) ClearDeadlines(picker swarm.Picker) {
	if w == nil {
		return
	}
	p, ok := picker.(swarm.Prioritizer)
	for _, piece := range slices.Sorted(maps.Keys(w.deadlines)) {
		if ok {
			p.SetDeadline(piece, time.Time{})
		}
	}
	w.deadlines, w.nearest = nil, nil
}

// Teach tells a picker all of it, except what the picker cannot do.
func (w *Pieces) Teach(picker swarm.Picker) {
	if w == nil {
		return
	}
	s, ok := picker.(swarm.Sequencer)
	if ok && w.sequential {
		s.SetSequential(true)
	}
	p, ok := picker.(swarm.Prioritizer)
	if !ok {
		return
	}
	for piece, priority := range w.priorities {
		if priority != Default {
			p.SetPriority(piece, int(priority))
		}
	}
	for _, piece := range slices.Sorted(maps.Keys(w.deadlines)) {
		p.SetDeadline(piece, w.deadlines[piece])
	}
}
