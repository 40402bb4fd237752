package piecepicker

// A Queue chooses among pieces that were begun and have blocks to ask for. It
// must not change; a Picker calls it one call at a time.
type Queue interface {
	// Before reports whether blocks of a are asked for before those of b.
	// Pieces of a higher priority go first in any case.
	Before(a, b Partial) bool
}

// A Partial is a piece that was begun and is not yet whole.
type Partial struct {
	Piece        int    // its index
	Blocks       int    // in the piece, without those that are all pad
	Missing      int    // blocks that have not arrived
	Free         int    // blocks that are missing and asked of no one
	Availability int    // peers that have the piece
	Begun        uint64 // grows from each piece begun to the next
}

// FewestMissing is a Queue that completes soon what can be completed soon.
type FewestMissing struct{}

// Before prefers fewer missing blocks, then the piece begun earlier.
func (FewestMissing) Before(a, b Partial) bool {
	if a.Missing != b.Missing {
		return a.Missing < b.Missing
	}
	return a.Begun < b.Begun
}

// OldestFirst is a Queue that completes pieces in the order they were begun.
type OldestFirst struct{}

// Before prefers the piece begun earlier.
func (OldestFirst) Before(a, b Partial) bool { return a.Begun < b.Begun }
