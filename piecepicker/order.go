package piecepicker

// An Order chooses the piece that is begun next. It belongs to one Picker, which
// calls it one call at a time, and it should answer from what it is told alone,
// so that pickers stay reproducible.
type Order interface {
	// Start empties the order. It is called before any other method, and
	// again when the picker starts over; until then b stays valid.
	Start(b *Board)

	// Add puts a piece, which is wanted and not yet begun, into the order.
	Add(piece int)

	// Remove takes a piece out. Its priority and its availability are as
	// they were told last.
	Remove(piece int)

	// Moved says that a piece in the order became more available by 1, or
	// less by -1, against all others. A change that is the same for every
	// piece is not told.
	Moved(piece, by int)

	// Next returns the best piece in the order that a peer has, if there is
	// any. The picker removes it if it is begun.
	Next(has *Set) (piece int, ok bool)
}
