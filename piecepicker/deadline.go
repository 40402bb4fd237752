package piecepicker

import (
	"cmp"
	"slices"
	"time"
)

const (
	// deadlinesPerPick is how many of the nearest deadlines one Pick looks at.
	deadlinesPerPick = 128

	// maxLateDuplicates is how many extra requests a late block may have.
	maxLateDuplicates = 2
)

// deadlines holds the deadlines of pieces.
type deadlines struct {
	list    []deadline // the nearest first
	byPiece map[int]time.Time
}

type deadline struct {
	neededAt time.Time
	piece    int
}

// set gives a piece a deadline, or takes it back if t is zero.
func (d *deadlines) set(piece int, t time.Time) {
	if old, ok := d.byPiece[piece]; ok {
		i, _ := slices.BinarySearchFunc(d.list, deadline{old, piece}, deadline.compare)
		d.list = slices.Delete(d.list, i, i+1)
		delete(d.byPiece, piece)
	}
	if t.IsZero() {
		return
	}
	if d.byPiece == nil {
		d.byPiece = make(map[int]time.Time)
	}
	// Without the monotonic clock reading, because times with and without it have
	// no common order.
	t = t.Round(0)
	i, _ := slices.BinarySearchFunc(d.list, deadline{t, piece}, deadline.compare)
	d.list = slices.Insert(d.list, i, deadline{t, piece})
	d.byPiece[piece] = t
}

func (d deadline) compare(e deadline) int {
	return cmp.Or(d.neededAt.Compare(e.neededAt), cmp.Compare(d.piece, e.piece))
}

// deadlinePieces picks from pieces with a deadline: free blocks, and requested blocks
// that would be late but come sooner from this peer.
func (k *pick) deadlinePieces() {
	list := k.p.deadlines.list
	for _, d := range list[:min(len(list), deadlinesPerPick)] {
		if k.blocksLeft == 0 {
			return
		}
		if !k.offers(d.piece) {
			continue
		}
		t := k.p.partial(d.piece)
		if t == nil {
			t = k.begin(d.piece)
		}
		if t == nil || !k.mayHelp(t) {
			continue
		}
		k.pickFrom(t, int(t.freeFrom))
		k.duplicateLate(t, k.p.time(d.neededAt))
	}
}

// duplicateLate picks requested blocks of a piece that are overdue, or are due after they
// are needed and would come sooner from this peer.
func (k *pick) duplicateLate(t *partial, needed int64) {
	if !t.hasRequests() {
		return
	}
	for n := range t.blocks {
		if k.blocksLeft == 0 {
			return
		}
		if t.blocks[n].state != requested || t.blocks[n].extras >= maxLateDuplicates || t.requestedFrom(n, k.r.id) {
			continue
		}
		due := t.dueAt(n)
		overdue := due < k.now
		tooLate := due > needed && k.dueAt < due
		if overdue || tooLate {
			k.addExtra(t, n)
		}
	}
}
