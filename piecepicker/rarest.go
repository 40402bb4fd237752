package piecepicker

import (
	"math/bits"
	"math/rand/v2"
)

// Limits of one Rarest.Next, in pieces that it looks at.
const (
	maxProbes  = 512 // in buckets, from the rarest on
	maxGuesses = 8   // at random in one bucket, before it looks at the whole bucket
	maxSamples = 256 // of the peer's own pieces
)

// maxSole is the number of pieces that Rarest.sole looks at.
const maxSole = 64

// Rarest is an Order that first begins pieces of the highest priority, among them those
// that the fewest peers have, and among those one at random. The zero value is ready for
// Mix.
//
// There is one bucket of pieces for each priority and availability. A piece moves from
// bucket to bucket in constant time, and nothing is ever sorted. Next guesses pieces of a
// bucket at random, so the first guess succeeds for a peer that has every piece, and each
// piece is equally likely.
//
// For a peer without the rarest pieces, Next searches the buckets from the rarest on,
// about 512 pieces of them. After that it looks at the peer's own pieces, 64 at a time
// from a random place, and takes the rarest of the first 256 that may be begun. So the
// answer is exact for a peer that has at most 256 of them.
type Rarest struct {
	// Seed seeds the random choices. Pickers that have equal seeds and are
	// called alike choose alike. If it is zero, the Picker sets it to its own
	// seed.
	Seed uint64

	board      *Board
	random     rand.PCG
	position   []int32 // index of each piece in its bucket
	byPriority [maxPriority + 1]buckets
}

// buckets are the buckets of one priority.
type buckets struct {
	count int   // number of pieces in all buckets
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

// Remove removes a piece from the order.
func (r *Rarest) Remove(piece int) {
	r.removeFromBucket(int32(piece), r.board.Priority(piece), r.board.key(piece))
}

// Moved puts a piece into the bucket where it now belongs.
func (r *Rarest) Moved(piece, by int) {
	priority, key := r.board.Priority(piece), r.board.key(piece)
	r.removeFromBucket(int32(piece), priority, key-int32(by))
	r.addToBucket(int32(piece), priority, key)
}

// Next returns a piece in has of the highest priority, and among those a rarest one, or
// nearly so.
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
				continue // no peer has the pieces in this bucket
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

// A soleOrder is an Order that finds pieces that one peer alone has.
type soleOrder interface {
	// sole returns a piece in has with a priority and an availability of one. It may
	// miss one if there are many that the peer does not have.
	sole(priority int, has *Set) (piece int, ok bool)
}

func (r *Rarest) sole(priority int, has *Set) (int, bool) {
	left := maxSole
	return r.searchBucket(r.byPriority[priority].bucket(1-r.board.sharedCount), has, &left)
}

// searchBucket returns a random piece of the bucket that is in has. It subtracts from left
// the number of pieces that it looks at, and gives up when left is used up.
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

// sample returns the best of up to maxSamples fresh pieces that are in has.
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

// removeFromBucket removes a piece from its bucket, and releases memory if three quarters
// of the bucket are unused.
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
