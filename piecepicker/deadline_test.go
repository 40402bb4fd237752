package piecepicker

import (
	"slices"
	"testing"
	"time"

	"github.com/shoal-bt/shoal/swarm"
	"github.com/stretchr/testify/require"
)

func TestDeadlines(t *testing.T) {
	g := blocks(5, 2)
	play(t, g, NewSequential(g, Config{}), `
		A joins 11111
		B joins 11100
		A asks 1 = 0.0
		deadline 3 60
		deadline 4 30
		deadline 2 90
		deadline 1 10
		deadline 1 never
		A asks 3 = 4.0 4.1 3.0
		B asks 2 newPieces 1 = 2.0 2.1
		A asks 2 newPieces 0 = 3.1 0.1
	`)
}

// A block that would be late is requested from a faster peer too.
func TestLateBlocksAreRequestedFromFasterPeer(t *testing.T) {
	g := blocks(3, 2)
	play(t, g, NewSequential(g, Config{}), `
		A joins 111
		B joins 111
		C joins 111
		D joins 111
		deadline 0 10
		A asks 2 delay 20 = 0.0 0.1
		B asks 1 delay 20 = 1.0             # not faster
		C asks 2 delay 5 = 0.0 0.1
		D asks 1 delay 1 = 1.1              # C will be in time
		wait 6                              # but it was not
		D asks 3 delay 1 = 0.0 0.1 2.0
		E joins 111
		E asks 1 delay 1 = 2.1              # three requests are enough
		C sends 0.0 = A D
		D sends 0.1 = A C
	`)
}

// A dropped request does not count when Pick decides whether a block is late.
func TestDroppedRequestsDoNotCountAsLate(t *testing.T) {
	g := blocks(2, 1)
	play(t, g, NewSequential(g, Config{}), `
		A joins 11
		B joins 11
		C joins 11
		deadline 0 10
		A asks 1 delay 20 = 0.0
		B asks 1 delay 5 = 0.0
		A drops 0.0
		C asks 1 delay 1 = 1.0
		B drops 0.0
		C asks 1 = 0.0
	`)
}

func TestBlocksInTimeAreRequestedOnce(t *testing.T) {
	g := blocks(2, 2)
	play(t, g, NewSequential(g, Config{}), `
		A joins 11
		B joins 11
		deadline 0 10
		A asks 2 delay 8 = 0.0 0.1
		B asks 1 delay 1 = 1.0
		wait 8
		B asks 1 delay 1 = 1.1
		wait 0.5
		B drops 1.0
		B asks 2 delay 1 = 0.0 0.1          # overdue
	`)
}

func TestHeldPieceHasNoDeadline(t *testing.T) {
	g := blocks(10, 1)
	p := NewSequential(g, Config{})
	for i := range 10 {
		p.SetDeadline(i, start.Add(time.Duration(i%3)*time.Second))
		p.SetDeadline(i, start.Add(time.Duration(i%4)*time.Second))
	}
	list := slices.Collect(p.deadlines.nearest(11))
	require.Len(t, list, 10)
	require.Equal(t, 0, list[0].piece)
	require.Equal(t, 4, list[1].piece)
	for i := range 10 {
		p.Held(i)
		p.SetDeadline(i, start)
	}
	p.SetDeadline(-1, start)
	p.SetDeadline(10, start)
	require.Empty(t, p.deadlines.chunks)
	require.Empty(t, p.deadlines.byPiece)
}

func swarmPeer(i int) swarm.Peer { return swarm.Peer(i) }

func ask(peer, blocks int) swarm.Ask {
	return swarm.Ask{Peer: swarm.Peer(peer), MaxBlocks: blocks, MaxNewPieces: blocks}
}
