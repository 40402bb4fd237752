package piecepicker

// defaultPriority is the priority of a piece for which none was set, maxPriority the highest.
const (
	defaultPriority = 4
	maxPriority     = 7
)

// A Board is what an Order may know of the torrent. It is the picker's; an Order
// reads it only while one of its own methods runs.
//
// How many peers have a piece is its key plus one number that all pieces share.
// A peer that has most pieces is counted by raising the shared number and
// lowering the keys of the pieces that it lacks; so a full seed touches no key.
// Either way of counting may be undone by the other.
type Board struct {
	pieces          int
	sharedCount     int32
	keys            []int32              // nil while all are 0
	askableByKey    window[int32]        // how many pieces with blocks to ask for have a key
	askableCount    int                  // the sum of free
	priority        []uint8              // nil while all are usual
	fresh           *Set                 // wanted, and nothing of it is asked or here
	freshByPriority [maxPriority + 1]int // how many fresh pieces have a priority
}

// Pieces returns the number of pieces in the torrent.
func (b *Board) Pieces() int { return b.pieces }

// Availability returns how many of the peers that joined have a piece.
func (b *Board) Availability(piece int) int { return int(b.key(piece) + b.sharedCount) }

// Priority returns how much a piece is wanted, from 0, not at all, to 7.
func (b *Board) Priority(piece int) int {
	if b.priority == nil {
		return defaultPriority
	}
	return int(b.priority[piece])
}

// Fresh returns the pieces that may be begun.
func (b *Board) Fresh() *Set { return b.fresh }

func (b *Board) key(piece int) int32 {
	if b.keys == nil {
		return 0
	}
	return b.keys[piece]
}

// countAskable counts by pieces more with that key as having blocks to ask for.
func (b *Board) countAskable(key int32, by int) {
	*b.askableByKey.at(key, func(n *int32) bool { return *n != 0 }) += int32(by)
	b.askableCount += by
}

// freshAbove reports whether there are fresh pieces of a higher priority than a piece.
func (b *Board) freshAbove(piece int) bool {
	for _, n := range b.freshByPriority[b.Priority(piece)+1:] {
		if n > 0 {
			return true
		}
	}
	return false
}

// askable returns the number of pieces with blocks to ask for that some peer has.
func (b *Board) askable() int {
	if nobody := b.askableByKey.peek(-b.sharedCount); nobody != nil {
		return b.askableCount - int(*nobody)
	}
	return b.askableCount
}
