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
		A asks 2 delay 20 each 0.1 = 0.0 0.1
		B asks 1 delay 16 each 0.1 = 1.0    # hardly faster
		C asks 2 delay 5 each 0.1 = 0.0 0.1
		D asks 1 delay 1 each 0.1 = 1.1     # C will be in time
		wait 8                              # but it was not: it may take as long again
		D asks 3 delay 1 each 0.1 = 0.0 0.1 2.0
		E joins 111
		E asks 1 delay 1 each 0.1 = 2.1     # three requests are enough
		C sends 0.0 = A D
		D sends 0.1 = A C
	`)
}

// When a block arrives follows from what is known of its peer now, not from what was known when
// it was requested.
func TestExpectedArrivalFollowsThePeer(t *testing.T) {
	g := blocks(4, 4)
	play(t, g, NewSequential(g, Config{}), `
		A joins 1111
		B joins 1111
		deadline 0 2.5
		A asks 4 delay 1 each 0.1 = 0.0 0.1 0.2 0.3
		wait 1
		A sends 0.0 =
		A asks 1 delay 3 each 1 = 1.0       # it became slow: 0.3 comes in 2 s, and is too late then
		B asks 3 delay 1 each 0.1 = 0.3 1.1 1.2
	`)
}

// Of a peer whose rate is not known nothing is requested again before the other one would have
// sent two blocks.
func TestUnknownPeersGetTime(t *testing.T) {
	g := blocks(4, 1)
	play(t, g, NewSequential(g, Config{}), `
		A joins 1111
		B joins 1111
		deadline 0 1
		A asks 1 delay 10 = 0.0
		wait 0.3
		B asks 1 delay 0.2 each 0.1 = 1.0
		wait 0.1
		B asks 1 delay 0.2 each 0.1 = 0.0
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
		A asks 1 delay 20 each 0.1 = 0.0
		B asks 1 delay 5 each 0.1 = 0.0
		A drops 0.0
		C asks 1 delay 1 each 0.1 = 1.0
		B drops 0.0
		C asks 1 delay 1 each 0.1 = 0.0
	`)
}

func TestBlocksInTimeAreRequestedOnce(t *testing.T) {
	g := blocks(4, 2)
	play(t, g, NewSequential(g, Config{}), `
		A joins 1111
		B joins 1111
		deadline 0 10
		A asks 2 delay 8 each 0 = 0.0 0.1
		B asks 1 delay 1 each 0.1 = 1.0
		wait 8
		B asks 1 delay 1 each 0.1 = 1.1
		wait 1
		B asks 2 delay 1 each 0.1 = 2.0 2.1 # overdue by a second, it may come as soon from A
		wait 1.5
		B asks 3 delay 1 each 0.1 = 0.0 0.1 3.0
	`)
}

// A slow peer takes blocks that are so far behind that faster ones would not bring them sooner.
func TestSlowPeersLeaveWhatFasterOnesBringSooner(t *testing.T) {
	g := blocks(4, 4)
	play(t, g, NewSequential(g, Config{}), `
		A joins 1111
		B joins 1111
		C joins 1111
		deadline 0 1
		deadline 1 2
		A asks 1 delay 0.2 each 0.1 = 0.0   # ten blocks a second
		B asks 2 delay 0.75 each 1 = 1.2 2.0  # 0.1 to 1.1 come from A by then
		C asks 2 delay 10 = 2.1 2.2         # nothing is known of it
		A asks 11 delay 0.2 each 0.1 = 0.1 0.2 0.3 1.0 1.1 1.3 2.3 3.0 3.1 3.2 3.3
	`)
}

// If nothing is requested of a slow peer, it gets a few of the blocks that are needed last. A fast
// one that has not asked for long does not count any more.
func TestSlowPeersAreNotLeftWithoutAny(t *testing.T) {
	g := blocks(2, 6)
	play(t, g, NewSequential(g, Config{}), `
		A joins 11
		B joins 11
		deadline 0 1
		deadline 1 2
		A asks 1 delay 0.2 each 0.1 = 0.0
		B asks 9 delay 9 each 1 = 1.0 1.1 1.2 1.3
		B asks 9 delay 9 each 1 =
		wait 0.5
		B asks 7 delay 9 each 1 = 0.1 0.2 0.3 0.4 0.5 1.4 1.5
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
