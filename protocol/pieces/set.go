package pieces

import (
	"iter"

	"github.com/shoal-bt/shoal/swarm"
)

// A Set is which of a torrent's n pieces a peer has. Sets of none and of all need no
// bitfield of their own. The zero Set is empty.
type Set struct {
	some  swarm.Bitfield // nil while it is none or all
	count int
}

// Count returns the number of pieces in the set.
func (s *Set) Count() int { return s.count }

// All reports whether the set has all of n pieces, at least one.
func (s *Set) All(n int) bool { return n > 0 && s.count == n }

// Has reports whether a piece is in the set, of n.
func (s *Set) Has(piece, n int) bool { return s.count == n || s.some.Has(piece) }

// Assign makes the set the pieces of b, of n. It keeps b.
func (s *Set) Assign(b swarm.Bitfield, n int) {
	s.some, s.count = b, b.Count()
	if s.count == 0 || s.count == n {
		s.some = nil
	}
}

// Fill adds all of n pieces.
func (s *Set) Fill(n int) { s.some, s.count = nil, n }

// Clear removes all pieces.
func (s *Set) Clear() { s.some, s.count = nil, 0 }

// Add adds a piece, of n, and reports whether it is new.
func (s *Set) Add(piece, n int) bool {
	if s.Has(piece, n) {
		return false
	}
	if s.some == nil {
		s.some = swarm.NewBitfield(n)
	}
	s.some.Set(piece)
	s.count++
	if s.count == n {
		s.some = nil
	}
	return true
}

// Remove removes a piece, of n, and reports whether it was in the set.
func (s *Set) Remove(piece, n int) bool {
	if !s.Has(piece, n) {
		return false
	}
	s.some = s.Bitfield(n)
	s.some.Clear(piece)
	s.count--
	if s.count == 0 {
		s.some = nil
	}
	return true
}

// Bitfield returns the set as a bitfield of n pieces. It must not be changed.
func (s *Set) Bitfield(n int) swarm.Bitfield {
	if s.some != nil {
		return s.some
	}
	b := swarm.NewBitfield(n)
	if s.count == n {
		b.SetAll(n)
	}
	return b
}

// Missing yields the pieces of b that are not in the set, of n, in order. The set may gain
// pieces meanwhile. Bytes of bits that are equal are passed over.
func (s *Set) Missing(b swarm.Bitfield, n int) iter.Seq[int] {
	had := s.Bitfield(n)
	return func(yield func(int) bool) {
		for k := range had {
			for i := 8 * k; had[k] != b[k] && i < min(8*k+8, n); i++ {
				if b.Has(i) && !s.Has(i, n) && !yield(i) {
					return
				}
			}
		}
	}
}

// In reports whether b has all pieces of the set, of n.
func (s *Set) In(b swarm.Bitfield, n int) bool {
	for k, bits := range s.Bitfield(n) {
		if bits&^b[k] != 0 {
			return false
		}
	}
	return true
}
