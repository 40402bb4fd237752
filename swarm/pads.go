package swarm

import (
	"iter"
	"sort"
)

// Stored returns the runs of bytes in s that are not pad, in order: those that a Storage
// keeps. pads are those of a Geometry; s must be within the torrent. A Storage reads or
// writes these runs only, and sets the other bytes of a read to zero.
func Stored(pads []Span, s Span) iter.Seq[Span] {
	return func(yield func(Span) bool) {
		at, end := s.Offset, s.End()
		for i := firstPad(pads, at); at < end; i++ {
			pad := Span{Offset: end}
			if i < len(pads) && pads[i].Offset < end {
				pad = pads[i]
			}
			if pad.Offset > at && !yield(Span{Offset: at, Length: pad.Offset - at}) {
				return
			}
			at = pad.End()
		}
	}
}

// firstPad returns the index of the first pad that ends after the byte at off.
func firstPad(pads []Span, off int64) int {
	return sort.Search(len(pads), func(i int) bool { return pads[i].End() > off })
}
