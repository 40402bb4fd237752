package pieces

import (
	"maps"
	"slices"

	"github.com/shoal-bt/shoal/swarm"
)

// A Table is the pieces of a torrent that are in progress. Its zero value is empty and
// can be read; New returns one that pieces can be begun in.
type Table struct {
	geo    *swarm.Geometry
	all    map[int]*Assembly
	coming map[int]int // of a Coming
}

// New returns an empty Table. The Geometry must not change any more.
func New(geo *swarm.Geometry) Table { return Table{geo: geo} }

// Len returns the number of pieces in progress.
func (t *Table) Len() int { return len(t.all) }

// Get returns the assembly of a piece; nil if there is none.
func (t *Table) Get(piece int) *Assembly { return t.all[piece] }

// Current returns the assembly that an answer is about; nil if it was forgotten
// meanwhile.
func (t *Table) Current(piece int, serial uint64) *Assembly {
	a := t.all[piece]
	if a == nil || a.Serial != serial {
		return nil
	}
	return a
}

// Begin begins a piece. The serial number must not have been used before.
func (t *Table) Begin(piece int, serial uint64) *Assembly {
	if t.all == nil {
		t.all = make(map[int]*Assembly)
	}
	a := newAssembly(t.geo, piece, serial)
	t.all[piece] = a
	return a
}

// Forget drops the assembly of a piece. Buffers that it still has are the caller's
// business.
func (t *Table) Forget(piece int) { delete(t.all, piece) }

// Clear drops all assemblies.
func (t *Table) Clear() { clear(t.all) }

// ForgetEmpty drops the pieces of which nothing has arrived.
func (t *Table) ForgetEmpty() {
	for piece, a := range t.all {
		if a.arrivedCount == 0 && a.Spilling == 0 && !a.Checking {
			delete(t.all, piece)
		}
	}
}

// InOrder returns the assemblies in rising order of their pieces, so that no decision
// depends on the order of a map.
func (t *Table) InOrder() (all []*Assembly) {
	for _, piece := range slices.Sorted(maps.Keys(t.all)) {
		all = append(all, t.all[piece])
	}
	return all
}

// AnyWithin reports whether a piece is complete once n more blocks of it arrive.
func (t *Table) AnyWithin(n int) bool {
	for _, a := range t.all {
		if !a.Checking && a.Missing() <= n {
			return true
		}
	}
	return false
}

// LeastComplete returns the piece in memory with most blocks missing, which will be
// complete last; nil if there is none that can be written early.
func (t *Table) LeastComplete() (last *Assembly) {
	for _, a := range t.all {
		if a.Spilling > 0 || a.Checking || a.Buffers() == 0 {
			continue
		}
		if last == nil || a.Missing() > last.Missing() || (a.Missing() == last.Missing() && a.Piece > last.Piece) {
			last = a
		}
	}
	return last
}

// LongestFront returns the piece of which most blocks can be hashed now as a section;
// nil if there is none. The last section of a piece is not counted.
func (t *Table) LongestFront(most int) (best *Assembly) {
	longest := 0
	for _, a := range t.all {
		n := a.Front(most)
		isBetter := n > longest || (n == longest && n > 0 && a.Piece < best.Piece)
		if isBetter && a.Hashed+n < a.Blocks() {
			best, longest = a, n
		}
	}
	return best
}

// Spilled returns the blocks that are in the Storage, unchecked: block numbers by piece.
// The caller owns it.
func (t *Table) Spilled() map[int][]int {
	m := make(map[int][]int)
	for piece, a := range t.all {
		if a.Checking || a.Spilling > 0 {
			continue
		}
		for k, arrived := range a.arrived {
			if arrived && a.bufs[k] == nil && !a.isUnderWay(k) {
				m[piece] = append(m[piece], k)
			}
		}
	}
	return m
}

// Replay tells a picker which blocks have arrived. They come as if from a peer of their
// own, with the number as, because a picker hears of blocks in no other way.
func (t *Table) Replay(picker swarm.Picker, as swarm.Peer) {
	if t.Len() == 0 {
		return
	}
	n := t.geo.Pieces()
	all := swarm.NewBitfield(n)
	all.SetAll(n)
	picker.Join(as, all)
	for _, a := range t.InOrder() {
		for k := range a.Blocks() {
			b := t.geo.Request(a.Piece, k)
			if a.Arrived(k) && t.geo.Contains(b) {
				picker.Arrive(nil, as, b)
			}
		}
	}
	picker.Leave(as)
}
