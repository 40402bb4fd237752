package piecepicker

import "math/bits"

// Sequential is an Order that begins pieces of the highest priority first, among them in
// order of their index. The zero value is ready for Mix.
type Sequential struct {
	board  *Board
	levels [maxPriority + 1]level
}

// A level holds the pieces of one priority.
type level struct {
	set *Set // nil if there never was one
	low int  // index of a word of set; all words before it are zero
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

// Remove removes a piece from the order.
func (s *Sequential) Remove(piece int) {
	if l := &s.levels[s.board.Priority(piece)]; l.set != nil {
		l.set.put(piece, false)
	}
}

// Moved does nothing, because availability does not matter here.
func (s *Sequential) Moved(piece, by int) {}

// Next returns the first piece in has of the highest priority. It looks at 64 pieces at a
// time.
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
