package piecepicker

import "math/bits"

// Sequential is an Order that begins pieces by their index, those of a higher
// priority first. The zero value is ready for Mix.
type Sequential struct {
	board  *Board
	levels [maxPriority + 1]level
}

// A level holds the pieces of one priority.
type level struct {
	set *Set
	low int // no piece is in a word before this one
}

// Start makes s empty.
func (s *Sequential) Start(b *Board) { *s = Sequential{board: b} }

// Add puts a piece into the order.
func (s *Sequential) Add(piece int) {
	l := &s.levels[s.board.Priority(piece)]
	if l.set == nil {
		l.set = newSet(s.board.Pieces())
	}
	l.low = min(l.low, piece/64)
	l.set.put(piece, true)
}

// Remove takes a piece out.
func (s *Sequential) Remove(piece int) {
	if l := &s.levels[s.board.Priority(piece)]; l.set != nil {
		l.set.put(piece, false)
	}
}

// Moved does nothing: how many peers have a piece does not matter here.
func (s *Sequential) Moved(piece, by int) {}

// Next returns the first piece of the highest priority that a peer has. It looks
// at 64 pieces at a time, from the first that is left.
func (s *Sequential) Next(has *Set) (int, bool) {
	theirs := has.Words()
	for priority := maxPriority; priority > 0; priority-- {
		l := &s.levels[priority]
		if l.set == nil || l.set.Len() == 0 {
			continue
		}
		ours := l.set.Words()
		for ours[l.low] == 0 {
			l.low++
		}
		for k := l.low; k < len(ours); k++ {
			if both := ours[k] & theirs[k]; both != 0 {
				return k*64 + bits.TrailingZeros64(both), true
			}
		}
	}
	return 0, false
}
