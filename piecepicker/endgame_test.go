package piecepicker

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestEndGame(t *testing.T) {
	g := blocks(2, 2)
	play(t, g, NewSequential(g, Config{}), `
		A joins 11
		B joins 11
		C joins 01
		A asks 3 = 0.0 0.1 1.0
		B asks 4 newPieces 0 = 1.1 1.0 0.1 0.0  # every block is requested, so the others twice
		C asks 4 = 1.1 1.0                  # fewest requests first; C has only piece 1
		A asks 4 = 1.1
		A asks 4 =                          # every missing block is requested from A
		B sends 1.0 = A C
		A sends 1.0 = late
		C sends 1.1 = B A
		A sends 0.0 = B
		B drops 0.1
		A sends 0.1
		held 0
		held 1
		A asks 4 =
		interest A = false
	`)
}

func TestNoEndGameWhileABlockIsFree(t *testing.T) {
	g := blocks(3, 1)
	p := NewSequential(g, Config{})
	play(t, g, p, `
		A joins 110
		B joins 110
		A asks 2 = 0.0 1.0
	`)
	require.True(t, p.EndGame(), "nobody has piece 2, so it does not count")
	play(t, g, p, `
		C joins 001
		B asks 2 =             # piece 2 is free, though B does not have it
	`)
	require.False(t, p.EndGame())
	play(t, g, p, `
		C asks 1 = 2.0
		B asks 2 = 1.0 0.0
		A leaves               # B has the only requests now
		B asks 2 =
		C drops 2.0
		C leaves               # nobody has piece 2 again
		D joins 100
		D asks 1 = 0.0
	`)
	require.True(t, p.EndGame())
}

// Each peer gets few duplicates: first the blocks that are requested from the fewest
// peers, and among them those that are due last.
func TestDuplicates(t *testing.T) {
	g := blocks(1, 9)
	play(t, g, NewSequential(g, Config{}), `
		A joins 1
		B joins 1
		C joins 1
		D joins 1
		A asks 3 delay 10 = 0.0 0.1 0.2
		A asks 3 delay 30 = 0.3 0.4 0.5
		A asks 3 delay 20 = 0.6 0.7 0.8
		B asks 9 delay 1 = 0.5 0.4 0.3 0.8
		B asks 9 delay 1 =               # four at a time
		B sends 0.5 = A
		B asks 9 delay 1 = 0.7
		C asks 2 delay 1 = 0.6 0.2
		C asks 3 delay 1 = 0.1 0.0
		D asks 9 delay 2 =               # all are requested from two, and D is slower
		D asks 9 delay 1 =               # D must be faster
		wait 1.5
		D asks 9 delay 2 = 0.8 0.7 0.6 0.4   # now all are late
		A leaves
		B leaves
		C leaves
		D asks 9 = 0.0 0.1 0.2 0.3
	`)
	play(t, g, NewSequential(g, Config{EndGame: Duplicates{Peers: 2, Each: -1}}), `
		A joins 1
		B joins 1
		C joins 1
		A asks 9 = 0.0 0.1 0.2 0.3 0.4 0.5 0.6 0.7 0.8
		B asks 9 = 0.8 0.7 0.6 0.5 0.4 0.3 0.2 0.1 0.0
		C asks 9 =
	`)
}

func TestNoDuplicates(t *testing.T) {
	g := blocks(1, 2)
	play(t, g, NewSequential(g, Config{EndGame: NoDuplicates{}}), `
		A joins 1
		B joins 1
		A asks 2 = 0.0 0.1
		B asks 2 =
		A drops 0.1
		B asks 2 = 0.1
	`)
}

// A block may be requested from more peers than block.extras can count.
func TestManyPeersForOneBlock(t *testing.T) {
	g := blocks(1, 1)
	p := NewSequential(g, Config{EndGame: Duplicates{Peers: -1}})
	for i := range 300 {
		p.Join(swarmPeer(i), []byte{0x80})
		require.Len(t, p.Pick(nil, ask(i, 1)), min(1, max(0, maxExtras+1-i)), "peer %d", i)
	}
	cancel, missing := p.Arrive(nil, swarmPeer(7), g.Block(0, 0))
	require.True(t, missing)
	require.Len(t, cancel, maxExtras)
}
