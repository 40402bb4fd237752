package piecepicker

import (
	"testing"

	"github.com/shoal-bt/shoal/swarm"
	"github.com/stretchr/testify/require"
)

// Peers stay with the piece that they send, so that few peers send one piece.
func TestPeersStayWithTheirPiece(t *testing.T) {
	g := blocks(3, 4)
	play(t, g, NewSequential(g, Config{}), `
		A joins 111
		B joins 111
		A asks 2 = 0.0 0.1
		B asks 2 only 1 = 1.0 1.1
		A sends 0.0
		A sends 0.1
		B asks 1 = 1.2            # 0 has fewer missing, but 1 is its own
		A asks 1 = 0.2
		priority 1 0
		B asks 2 = 0.3 2.0        # unless piece 1 is not wanted
	`)
}

func TestExclusivePieceStaysExclusive(t *testing.T) {
	g := blocks(3, 2)
	play(t, g, NewSequential(g, Config{}), `
		A joins 111
		B joins 111
		A asks 1 exclusive = 0.0
		B asks 4 = 1.0 1.1 2.0 2.1    # 0 is reserved for A
		B drops 2.1
		A asks 3 exclusive = 0.1
		A drops 0.1
		B asks 1 = 2.1
		B asks 1 = 0.1                # until there is no other piece
		A sends 0.0
		A asks 1 exclusive =              # B has requests for it
		B drops 0.1
		A asks 1 exclusive = 0.1
		A leaves
		B asks 1 exclusive =              # A sent blocks of it
		B asks 1 = 0.1
	`)
	play(t, g, NewSequential(g, Config{}), `
		A joins 111
		B joins 111
		A asks 2 exclusive = 0.0 0.1
		A sends 0.0
		A leaves
		B asks 2 = 0.1 1.0            # no longer reserved
	`)
	g = blocks(4, 2)
	play(t, g, NewSequential(g, Config{}), `
		A joins 1111
		B joins 1111
		A asks 1 only 0 exclusive = 0.0
		A asks 1 only 1 exclusive = 1.0
		A sends 0.0
		A sends 1.0
		B asks 1 = 2.0
		A leaves
		B asks 3 = 2.1 0.1 1.1        # none is reserved, though A owed nothing
	`)
}

// Blocks that were held came from an unknown peer.
func TestExclusiveNotWithBlocksHeldBefore(t *testing.T) {
	g := blocks(1, 2)
	play(t, g, NewSequential(g, Config{}), `
		A joins 1
		held 0
		lose 0 1
		A asks 1 exclusive =
		A asks 1 = 0.1
		lose 0
		A sends 0.1
		A asks 1 exclusive = 0.0
	`)
}

// A web seed gets consecutive blocks, also across pieces.
func TestRunLength(t *testing.T) {
	g := blocks(5, 4)
	play(t, g, NewSequential(g, Config{}), `
		A joins 11111
		W joins 11111
		A asks 1 = 0.0
		A asks 2 only 1 = 1.0 1.1
		A drops 1.0                              # 1.0, 1.2 and 1.3 are free
		W asks 3 runLength 3 = 0.1 0.2 0.3
		W asks 3 runLength 3 = 2.0 2.1 2.2
		W asks 9 runLength 6 = 2.3 3.0 3.1 3.2 3.3 4.0 4.1 4.2 4.3
		W asks 2 runLength 2 = 1.2 1.3
		W asks 1 runLength 4 = 1.0
	`)
}

func TestRunLengthGoesBeforeRarity(t *testing.T) {
	g := blocks(5, 2)
	play(t, g, NewRarest(g, Config{}), `
		A joins 11101
		B joins 01101
		W joins 11111
		W asks 4 runLength 4 = 3.0 3.1 4.0 4.1
		W asks 2 runLength 2 = 0.0 0.1
	`)
}

func TestSuggestedPiecesGoFirst(t *testing.T) {
	g := blocks(5, 2)
	play(t, g, NewSequential(g, Config{}), `
		A joins 11110
		B joins 11111
		B asks 1 only 3 = 3.0
		A asks 4 first 4,9,-1,2,3 = 3.1 2.0 2.1 0.0
		deadline 1 5
		B asks 3 first 4 = 1.0 1.1 4.0
	`)
}

func TestAllowedFastPieces(t *testing.T) {
	g := blocks(5, 2)
	play(t, g, NewSequential(g, Config{}), `
		A joins 11110
		B joins 11111
		deadline 0 5
		A asks 4 only 9,-1,4,2 = 2.0 2.1    # choked: no other piece, whatever its deadline
		A asks 1 only 1 newPieces 0 =
		B asks 9 only 0,1,3,4 = 0.0 0.1 1.0 1.1 3.0 3.1 4.0 4.1
		A asks 1 only 3 = 3.1
		B asks 1 only 1 =
		B asks 1 only 2 = 2.1
	`)
}

// A peer that has no fresh piece is not searched again until that can change.
func TestNothingNewIsRemembered(t *testing.T) {
	g := blocks(70, 1)
	order := &counting{}
	p := Mix(g, order, Config{})
	p.Join(1, swarm.Bitfield{0x80})
	p.Join(2, swarm.Bitfield{0xff, 0xff})
	require.Len(t, p.Pick(nil, ask(1, 1)), 1)
	for range 10 {
		require.Empty(t, p.Pick(nil, ask(1, 1)))
	}
	require.Equal(t, 2, order.calls)
	p.Have(1, 1, true)
	require.Len(t, p.Pick(nil, ask(1, 1)), 1)
	require.Empty(t, p.Pick(nil, ask(1, 1)))
	require.Equal(t, 4, order.calls)
	p.Drop(1, g.Block(0, 0))
	require.Len(t, p.Pick(nil, ask(1, 1)), 1)
	require.Equal(t, 5, order.calls)
}

// A counting Order counts the calls of Next.
type counting struct {
	Sequential
	calls int
}

func (c *counting) Next(has *Set) (int, bool) {
	c.calls++
	return c.Sequential.Next(has)
}

// An Order that returns wrong pieces cannot make Pick return wrong blocks.
func TestBadOrder(t *testing.T) {
	g := blocks(3, 1)
	for _, piece := range []int{-1, 3, 1 << 30, 1, 2} {
		p := Mix(g, constant(piece), Config{})
		p.Join(1, swarm.Bitfield{0xc0})
		p.Held(1)
		require.Empty(t, p.Pick(nil, ask(1, 1)), "the order says %d", piece)
	}
}

// A constant is an Order that always returns the same piece.
type constant int

func (constant) Start(*Board)            {}
func (constant) Add(int)                 {}
func (constant) Remove(int)              {}
func (constant) Moved(int, int)          {}
func (c constant) Next(*Set) (int, bool) { return int(c), true }
