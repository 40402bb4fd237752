package piecepicker

import (
	"math/bits"
	"math/rand/v2"
)

// Limits of one Rarest.Next, in pieces looked at.
const (
	maxProbes  = 512 // in buckets, from the rare end
	maxGuesses = 8   // of them at random, before a bucket is read through
	maxSamples = 256 // of the peer's own
)

// Rarest is an Order that begins the pieces first that the fewest peers have,
// those of a higher priority before all others, and takes one at random of those
// that are equally rare. The zero value is ready for Mix.
//
// Pieces lie in one bucket for each priority and availability. A piece moves
// from bucket to bucket in constant time, and nothing is ever sorted. Of a bucket
// pieces are tried at random, so a peer that has all is done with one look, and
// each of its pieces is equally likely.
//
// For a peer that lacks the rarest pieces the buckets are searched from the rare
// end, some 512 pieces of them. After that the peer's own pieces are looked at, 64
// at a time from a random place, and the rarest of the first 256 that may be begun
// is taken: the exact one for a peer that has no more of them than that.
type Rarest struct {
	// Seed makes the random choices. Pickers with equal seeds that are
	// called alike choose alike. NewRarest sets it.
	Seed uint64

	board      *Board
	random     rand.PCG
	position   []int32 // of each piece in its bucket
	byPriority [maxPriority + 1]buckets
}

// A buckets holds the buckets of one priority.
type buckets struct {
	count int   // of pieces in all buckets
	low   int32 // no piece has a lower key
	byKey window[[]int32]
}

// Start makes r empty.
func (r *Rarest) Start(b *Board) {
	*r = Rarest{Seed: r.Seed, board: b}
	r.random.Seed(r.Seed, 0x9e3779b97f4a7c15)
}

// Add puts a piece into the order.
func (r *Rarest) Add(piece int) {
	if r.position == nil {
		r.position = make([]int32, r.board.Pieces())
	}
	r.addToBucket(int32(piece), r.board.Priority(piece), r.board.key(piece))
}

// Remove takes a piece out.
func (r *Rarest) Remove(piece int) {
	r.removeFromBucket(int32(piece), r.board.Priority(piece), r.board.key(piece))
}

// Moved puts a piece into the bucket where it now belongs.
func (r *Rarest) Moved(piece, by int) {
	priority, key := r.board.Priority(piece), r.board.key(piece)
	r.removeFromBucket(int32(piece), priority, key-int32(by))
	r.addToBucket(int32(piece), priority, key)
}

// Next returns the rarest piece of the highest priority that a peer has.
func (r *Rarest) Next(has *Set) (int, bool) {
	left := maxProbes
	for priority := maxPriority; priority > 0; priority-- {
		s := &r.byPriority[priority]
		seen := 0
		for key := s.low; seen < s.count; key++ {
			bucket := s.bucket(key)
			if seen == 0 {
				s.low = key
			}
			seen += len(bucket)
			if key == -r.board.sharedCount {
				continue // no peer has these
			}
			if piece, ok := r.searchBucket(bucket, has, &left); ok {
				return piece, true
			}
			if left <= 0 {
				return r.sample(has)
			}
		}
	}
	return 0, false
}

// searchBucket returns a piece of the bucket that a peer has, each with the same chance. It
// takes from left the pieces that it looks at, and gives up when none are left.
func (r *Rarest) searchBucket(bucket []int32, has *Set, left *int) (int, bool) {
	n := len(bucket)
	guesses := 0
	if n > *left {
		guesses = *left
	} else if n > maxGuesses {
		guesses = maxGuesses
	}
	for range guesses {
		*left--
		if piece := int(bucket[r.randomBelow(n)]); has.Has(piece) {
			return piece, true
		}
	}
	if *left <= 0 {
		return 0, false
	}
	*left -= n
	best, found := 0, 0
	for _, piece := range bucket {
		if has.Has(int(piece)) {
			if found++; r.randomBelow(found) == 0 {
				best = int(piece)
			}
		}
	}
	return best, found > 0
}

// sample returns the rarest of some pieces that a peer has.
func (r *Rarest) sample(has *Set) (best int, ok bool) {
	fresh, theirs := r.board.Fresh().Words(), has.Words()
	start := int(r.randomBelow(len(fresh)))
	left := maxSamples
	var value int64
	equals := 0
	for n := 0; n < len(fresh) && left > 0; n++ {
		k := start + n
		if k >= len(fresh) {
			k -= len(fresh)
		}
		for both := fresh[k] & theirs[k]; both != 0 && left > 0; both &= both - 1 {
			left--
			piece := k*64 + bits.TrailingZeros64(both)
			v := int64(r.board.Priority(piece))<<32 - int64(r.board.Availability(piece))
			if equals == 0 || v > value {
				value, equals = v, 0
			}
			if v == value {
				if equals++; r.randomBelow(equals) == 0 {
					best = piece
				}
			}
		}
	}
	return best, equals > 0
}

// bucket returns the pieces with a key, which may be none.
func (s *buckets) bucket(key int32) []int32 {
	if b := s.byKey.peek(key); b != nil {
		return *b
	}
	return nil
}

// addToBucket adds a piece to its bucket.
func (r *Rarest) addToBucket(piece int32, priority int, key int32) {
	s := &r.byPriority[priority]
	if s.count == 0 || key-s.low < 0 {
		s.low = key
	}
	s.count++
	bucket := s.byKey.at(key, holdsPieces)
	r.position[piece] = int32(len(*bucket))
	*bucket = append(*bucket, piece)
}

// removeFromBucket removes a piece from its bucket, and gives memory back when three
// quarters of the bucket are empty.
func (r *Rarest) removeFromBucket(piece int32, priority int, key int32) {
	s := &r.byPriority[priority]
	s.count--
	bucket := s.byKey.peek(key)
	b := *bucket
	i, last := r.position[piece], b[len(b)-1]
	b[i] = last
	r.position[last] = i
	b = b[:len(b)-1]
	if cap(b) > 64 && len(b) < cap(b)/4 {
		b = append(make([]int32, 0, cap(b)/2), b...)
	}
	*bucket = b
}

func holdsPieces(b *[]int32) bool { return len(*b) > 0 }

// randomBelow returns a random number from 0 to n-1.
func (r *Rarest) randomBelow(n int) uint64 {
	high, _ := bits.Mul64(r.random.Uint64(), uint64(n))
	return high
}
