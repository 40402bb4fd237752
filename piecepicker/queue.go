package piecepicker

// A Queue chooses among pieces that are begun and have free blocks: it is the class that bip-rs
// calls queueing. A Picker calls it one
// call at a time. Its answers must depend on nothing but a and b.
type Queue interface {
	// Before reports whether to request blocks of a before those of b. Pieces
	// of a higher priority come first in any case.
	Before(a, b Partial) bool
}

// A Partial is what a Queue sees of a piece that is begun.
type Partial struct {
	Piece        int    // its index
	Blocks       int    // number of blocks, without those that are all pad
	Missing      int    // number of blocks that have not arrived
	Free         int    // number of missing blocks that are requested from nobody
	Availability int    // number of peers that have the piece
	Begun        uint64 // the larger, the later the piece was begun
}

// FewestMissing is a Queue that first completes the pieces that need the fewest blocks.
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
