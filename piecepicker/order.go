package piecepicker

// An Order chooses the piece to begin next: it is the class that bip-rs calls selection. Queueing
// is a Queue, and revealing is protocol.Revealer. It belongs to one Picker, which calls it one
// call at a time. It should answer only from what these calls and the Board say, so that
// pickers that are called alike answer alike.
type Order interface {
	// Start empties the order. It is called before any other method, and
	// again when the picker starts over. Until then b stays valid.
	Start(b *Board)

	// Add puts a piece, which is wanted and not yet begun, into the order.
	Add(piece int)

	// Remove removes a piece. The Board still has the priority and availability
	// that the piece had in the order.
	Remove(piece int)

	// Moved says that the availability of a piece in the order changed by 1 or
	// -1, relative to all others. There is no call for a change that is the
	// same for every piece.
	Moved(piece, by int)

	// Next returns the best piece in the order that is in has, if there is any.
	// The picker calls Remove if it begins the piece.
	Next(has *Set) (piece int, ok bool)
}
