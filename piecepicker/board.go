package piecepicker

const (
	defaultPriority = 4 // of a piece whose priority was never set
	maxPriority     = 7
)

// A Board is what an Order may know of the torrent. It belongs to the Picker; an Order
// may read it only while one of its own methods runs.
//
// The availability of a piece is its key plus sharedCount. A peer that has most pieces
// adds 1 to sharedCount and subtracts 1 from the keys of the pieces that it does not
// have, so a seed changes no key. Any other peer adds 1 to the keys of its pieces. A peer
// may join in one way and leave in the other.
type Board struct {
	pieces          int
	sharedCount     int32
	keys            []int32              // nil means that all are 0
	askableByKey    window[int32]        // number of pieces with free blocks, by their key
	askableCount    int                  // the sum of askableByKey
	priority        []uint8              // nil means that all have the default
	fresh           *Set                 // pieces that are wanted and not begun
	freshByPriority [maxPriority + 1]int // number of fresh pieces, by their priority
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

// Fresh returns the pieces that may be begun: wanted pieces that are not begun.
func (b *Board) Fresh() *Set { return b.fresh }

func (b *Board) key(piece int) int32 {
	if b.keys == nil {
		return 0
	}
	return b.keys[piece]
}

// countAskable adds by to the number of pieces that have this key and free blocks.
func (b *Board) countAskable(key int32, by int) {
	*b.askableByKey.at(key, func(n *int32) bool { return *n != 0 }) += int32(by)
	b.askableCount += by
}

// freshAbove reports whether some fresh piece has a higher priority than the given piece.
func (b *Board) freshAbove(piece int) bool {
	for _, n := range b.freshByPriority[b.Priority(piece)+1:] {
		if n > 0 {
			return true
		}
	}
	return false
}

// askable returns the number of wanted pieces that have free blocks and that some peer
// has.
func (b *Board) askable() int {
	if unavailable := b.askableByKey.peek(-b.sharedCount); unavailable != nil {
		return b.askableCount - int(*unavailable)
	}
	return b.askableCount
}
