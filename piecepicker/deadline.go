package piecepicker

import (
	"cmp"
	"iter"
	"slices"
	"time"
)

const (
	// deadlinesPerPick is how many of the nearest deadlines one Pick looks at.
	deadlinesPerPick = 128

	// maxLateDuplicates is how many extra requests a late block may have.
	maxLateDuplicates = 2

	// fewLeft is how many blocks a peer is asked for that others would send sooner, so that it
	// is not left without any.
	fewLeft = 4
)

// maxChunk is how many deadlines a chunk has at most, so that a change moves few of them
// however many there are.
const maxChunk = 256

// deadlines holds the deadlines of pieces.
type deadlines struct {
	chunks  [][]deadline // none is empty; the nearest first, in each and over all
	byPiece map[int]time.Time
}

type deadline struct {
	neededAt time.Time
	piece    int
}

// set gives a piece a deadline, or takes it back if t is zero.
func (d *deadlines) set(piece int, t time.Time) {
	if old, ok := d.byPiece[piece]; ok {
		d.remove(deadline{old, piece})
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
	d.insert(deadline{t, piece})
	d.byPiece[piece] = t
}

// chunkOf returns the index of the chunk that has e, or the one that it belongs into.
func (d *deadlines) chunkOf(e deadline) int {
	k, _ := slices.BinarySearchFunc(d.chunks, e, func(chunk []deadline, e deadline) int {
		return chunk[len(chunk)-1].compare(e)
	})
	return min(k, len(d.chunks)-1)
}

func (d *deadlines) remove(e deadline) {
	k := d.chunkOf(e)
	i, _ := slices.BinarySearchFunc(d.chunks[k], e, deadline.compare)
	d.chunks[k] = slices.Delete(d.chunks[k], i, i+1)
	if len(d.chunks[k]) == 0 {
		d.chunks = slices.Delete(d.chunks, k, k+1)
	}
}

func (d *deadlines) insert(e deadline) {
	if len(d.chunks) == 0 {
		d.chunks = append(d.chunks, []deadline{e})
		return
	}
	k := d.chunkOf(e)
	i, _ := slices.BinarySearchFunc(d.chunks[k], e, deadline.compare)
	chunk := slices.Insert(d.chunks[k], i, e)
	d.chunks[k] = chunk
	if len(chunk) > maxChunk {
		half := len(chunk) / 2
		d.chunks = slices.Insert(d.chunks, k+1, slices.Clone(chunk[half:]))
		d.chunks[k] = slices.Delete(chunk, half, len(chunk))
	}
}

// nearest yields the nearest n deadlines, the nearest first.
func (d *deadlines) nearest(n int) iter.Seq[deadline] {
	return func(yield func(deadline) bool) {
		for _, chunk := range d.chunks {
			for _, e := range chunk {
				if n--; n < 0 || !yield(e) {
					return
				}
			}
		}
	}
}

func (d deadline) compare(e deadline) int {
	return cmp.Or(d.neededAt.Compare(e.neededAt), cmp.Compare(d.piece, e.piece))
}

// deadlinePieces picks from pieces with a deadline: free blocks, and requested blocks that would be
// late but come sooner from this peer. It leaves free blocks for faster peers that will bring them
// sooner than this one.
func (k *pick) deadlinePieces() {
	if len(k.p.deadlines.chunks) == 0 {
		return
	}
	k.findFaster()
	for d := range k.p.deadlines.nearest(deadlinesPerPick) {
		if k.blocksLeft == 0 {
			return
		}
		if !k.offers(d.piece) {
			continue
		}
		t := k.p.partial(d.piece)
		if t != nil && !k.mayHelp(t) {
			continue
		}
		hasFree := t == nil || t.free > 0
		if hasFree && k.faster.leaves(k, d.piece) {
			if !k.pickLater(d.piece, t) {
				continue
			}
			t = k.p.partial(d.piece)
		} else {
			if t == nil {
				t = k.begin(d.piece)
			}
			if t == nil {
				continue
			}
			k.pickFrom(t, int(t.freeFrom))
		}
		if t != nil {
			k.duplicateLate(t, k.p.time(d.neededAt))
		}
	}
}

// duplicateLate picks requested blocks of a piece that are expected after they are needed and much
// later than from this peer.
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
		wait := k.expectedIn(t, n)
		isLate := k.now+wait > needed
		if isLate && (k.dueAt-k.now)*4 < wait*3 {
			k.addExtra(t, n)
		}
	}
}
