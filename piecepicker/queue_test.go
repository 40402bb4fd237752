package piecepicker

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestPartialPiecesGoFirst(t *testing.T) {
	g := blocks(4, 4)
	play(t, g, NewSequential(g, Config{}), `
		A joins 1111
		B joins 1111
		C joins 1111
		A asks 1 = 0.0
		B asks 4 = 0.1 0.2 0.3 1.0
		C asks 4 = 1.1 1.2 1.3 2.0
		A asks 2 = 2.1 2.2
		B drops 0.2
		C asks 3 = 2.3 0.2 3.0    # its own, then what became free, then a new one
	`)
}

func TestFewestMissing(t *testing.T) {
	begin := `
		A joins 1111
		B joins 1111
		A asks 2 only 0 = 0.0 0.1
		A asks 3 only 2 = 2.0 2.1 2.2
		A sends 0.0
		A sends 0.1
		A sends 2.0
		A sends 2.1
		A sends 2.2
	`
	g := blocks(4, 4)
	play(t, g, NewSequential(g, Config{}), begin+`
		B asks 3 = 2.3 0.2 0.3
	`)
	play(t, g, NewSequential(g, Config{Queue: OldestFirst{}}), begin+`
		B asks 3 = 0.2 0.3 2.3
	`)
}

func TestPartialIsWhatQueueSees(t *testing.T) {
	g := blocks(2, 4)
	seen := make(recorder)
	p := NewSequential(g, Config{Queue: seen})
	play(t, g, p, `
		A joins 11
		B joins 11
		C joins 01
		A asks 2 only 0 = 0.0 0.1
		A asks 1 only 1 = 1.0
		A sends 0.0
		B asks 1 = 1.1
	`)
	require.Equal(t, Partial{Piece: 0, Blocks: 4, Missing: 3, Free: 2, Availability: 2, Begun: 1}, seen[0])
	require.Equal(t, Partial{Piece: 1, Blocks: 4, Missing: 4, Free: 3, Availability: 3, Begun: 2}, seen[1])
}

// A recorder is a Queue that prefers higher indices.
type recorder map[int]Partial

func (r recorder) Before(a, b Partial) bool {
	r[a.Piece], r[b.Piece] = a, b
	return a.Piece > b.Piece
}

// A new piece comes before a begun one only if its priority is higher.
func TestPriorityGoesBeforePartialPieces(t *testing.T) {
	g := blocks(3, 2)
	play(t, g, NewSequential(g, Config{}), `
		A joins 111
		B joins 101
		A asks 1 = 0.0
		priority 1 6
		priority 2 5
		B asks 2 newPieces 0 = 0.1   # may begin nothing
		B drops 0.1
		B leaves
		B joins 101
		B asks 3 = 2.0 2.1 0.1   # does not have piece 1
	`)
}
