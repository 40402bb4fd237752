package piecepicker

import (
	"math"
	"testing"

	"github.com/shoal-bt/shoal/swarm"
	"github.com/stretchr/testify/require"
)

func TestRarestGoesFirst(t *testing.T) {
	g := blocks(4, 2)
	play(t, g, NewRarest(g, Config{}), `
		A joins 1111
		B joins 0111
		C joins 0011
		D joins 0001
		A asks 8 = 0.0 0.1 1.0 1.1 2.0 2.1 3.0 3.1
	`)
}

// What only one peer has does not wait for pieces that others have too. Until each piece has
// left a seed once, the seed sends others twice.
func TestRarestBeginsASolePiece(t *testing.T) {
	g := blocks(3, 4)
	play(t, g, NewRarest(g, Config{}), `
		A joins 110
		B joins 101
		A asks 5 = 1.0 1.1 1.2 1.3 0.0
		B asks 2 = 2.0 2.1             # piece 0 is begun, but A can send it
		B asks 4 = 2.2 2.3 0.1 0.2
	`)
	play(t, g, NewRarest(g, Config{}), `
		A joins 100
		B joins 101
		A asks 1 = 0.0
		B asks 1 newPieces 0 = 0.1     # it may not begin one
	`)
	play(t, g, NewSequential(g, Config{}), `
		A joins 100
		B joins 101
		A asks 1 = 0.0
		B asks 1 = 0.1                 # other orders do not look at who has a piece
	`)
}

// A sole piece comes before an open one of the same priority, not of a higher one.
func TestRarestPutsPriorityBeforeSolePieces(t *testing.T) {
	g := blocks(2, 4)
	play(t, g, NewRarest(g, Config{}), `
		A joins 10
		B joins 11
		A asks 1 = 0.0
		priority 0 7
		B asks 1 = 0.1
	`)
}

func TestRarestFollowsHaves(t *testing.T) {
	g := blocks(4, 1)
	play(t, g, NewRarest(g, Config{}), `
		A joins 1111
		B joins 0111
		C joins 0011
		D joins 0001
		A asks 1 = 0.0
		A drops 0.0
		# 0 becomes the most common, then 3 the rarest.
		B has 0
		C has 0
		D has 0
		A asks 1 = 1.0
		A drops 1.0
		B lost 3
		C lost 3
		D lost 3
		A asks 1 = 3.0
	`)
}

// When a peer leaves, the availability of its pieces is what it was before.
func TestRarestForgetsWhoLeft(t *testing.T) {
	g := blocks(3, 1)
	play(t, g, NewRarest(g, Config{}), `
		A joins 111
		B joins 100
		C joins 100
		D joins 010
		A asks 1 = 2.0       # then 1, then 0
		A drops 2.0
		E joins 001
		B leaves
		C leaves
		A asks 1 = 0.0
		A drops 0.0
		C joins 110
		D leaves
		E leaves
		A asks 1 = 2.0
	`)
	p := NewRarest(g, Config{})
	full := swarm.Bitfield{0xe0}
	for i := range swarm.Peer(10) {
		p.Join(i, full)
		p.Join(100+i, swarm.Bitfield{byte(i << 5)})
	}
	for i := range swarm.Peer(10) {
		p.Leave(i)
		p.Leave(100 + i)
	}
	for piece := range 3 {
		require.Zero(t, p.Availability(piece), "all who had piece %d left", piece)
	}
}

// A peer that joins with few pieces and leaves with most of them, or the reverse, is added
// in one way and subtracted in the other.
func TestAvailabilityOfPeersThatChange(t *testing.T) {
	g := blocks(8, 1)
	p := NewRarest(g, Config{})
	p.Join(0, swarm.Bitfield{0x80})
	p.Join(1, swarm.Bitfield{0xff})
	for round := range 100 {
		id := swarm.Peer(2 + round)
		p.Join(id, nil)
		for piece := range 8 {
			p.Have(id, piece, true)
		}
		if round%2 == 0 {
			for piece := 1; piece < 8; piece++ {
				p.Have(id, piece, false)
			}
		}
		p.Leave(id)
	}
	require.Equal(t, 2, p.Availability(0))
	for piece := 1; piece < 8; piece++ {
		require.Equal(t, 1, p.Availability(piece))
	}
	require.Zero(t, p.Availability(-1))
	require.Zero(t, p.Availability(8))
}

// A seed changes only sharedCount, and a peer with most pieces only the keys of the others.
func TestSeedsChangeNoKey(t *testing.T) {
	g := blocks(1000, 1)
	p := NewRarest(g, Config{})
	full := swarm.NewBitfield(1000)
	full.SetAll(1000)
	for i := range swarm.Peer(10) {
		p.Join(i, full)
	}
	require.Nil(t, p.board.keys)
	require.Same(t, p.peers[3].has, p.peers[4].has, "they share one set")
	require.Equal(t, 10, p.Availability(999))
	full.Clear(7)
	p.Join(10, full)
	for i, key := range p.board.keys {
		require.Equal(t, i != 7, key == 0, "piece %d", i)
	}
	p.Have(10, 7, true)
	require.Same(t, p.peers[3].has, p.peers[10].has)
	require.Equal(t, 11, p.Availability(7))
	p.Leave(10)
	p.Leave(1)
	require.Equal(t, 9, p.Availability(7))
	require.Equal(t, 9, p.Availability(8))
}

func TestPriorityGoesBeforeRarity(t *testing.T) {
	g := blocks(4, 1)
	play(t, g, NewRarest(g, Config{}), `
		A joins 1111
		B joins 0111
		C joins 0111
		priority 3 5
		priority 2 7
		priority 0 1
		A asks 4 = 2.0 3.0 1.0 0.0
	`)
}

// Each of the equally rare pieces comes first equally often, however few of them a peer
// has.
func TestRarestIsRandomAmongEquals(t *testing.T) {
	const runs = 1000
	for _, test := range []struct{ pieces, first, every int }{
		{16, 16, 1},  // all of them
		{5, 5, 1},    // of few
		{80, 80, 10}, // hard to guess
		{1500, 4, 1}, // not always among those looked at
	} {
		g := blocks(test.pieces, 1)
		have, rest := swarm.NewBitfield(test.pieces), swarm.NewBitfield(test.pieces)
		rest.SetAll(test.pieces)
		for i := 0; i < test.first; i += test.every {
			have.Set(i)
			rest.Clear(i)
		}
		first := make([]int, test.pieces)
		for seed := range uint64(runs) {
			p := NewRarest(g, Config{Seed: seed + 1})
			p.Join(1, have)
			p.Join(2, have)
			p.Join(3, rest)
			p.Join(4, rest)
			p.Have(2, 0, false) // and true again: piece 0 is moved about
			p.Have(2, 0, true)
			first[p.Pick(nil, swarm.Ask{Peer: 1, MaxBlocks: 1, MaxNewPieces: 1})[0].Piece]++
		}
		mean := float64(runs) / float64(have.Count())
		for piece, n := range first {
			if have.Has(piece) {
				// More than six standard deviations off is no chance.
				require.InDelta(t, mean, n, 6*math.Sqrt(mean), "of %d pieces, piece %d is first", test.pieces, piece)
			}
		}
	}
}

func TestSeedDecides(t *testing.T) {
	g := blocks(1000, 1)
	full := swarm.NewBitfield(1000)
	full.SetAll(1000)
	pick := func(seed uint64, a swarm.Ask) []swarm.Block {
		p := NewRarest(g, Config{Seed: seed})
		p.Join(1, full)
		a.Peer, a.MaxBlocks, a.MaxNewPieces = 1, 20, 20
		return p.Pick(nil, a)
	}
	require.Equal(t, pick(1, swarm.Ask{}), pick(1, swarm.Ask{Now: start}))
	require.NotEqual(t, pick(1, swarm.Ask{}), pick(2, swarm.Ask{}))
	// Without a seed it is the time of the first Ask.
	require.Equal(t, pick(0, swarm.Ask{Now: start}), pick(0, swarm.Ask{Now: start}))
	require.NotEqual(t, pick(0, swarm.Ask{Now: start}), pick(0, swarm.Ask{Now: start.Add(1)}))
}

// A peer without the rare pieces still gets requests for its own rarest piece.
func TestRarestOfPeerWithoutRarePieces(t *testing.T) {
	const pieces = 100_000
	g := blocks(pieces, 1)
	p := NewRarest(g, Config{Seed: 1})
	few := swarm.NewBitfield(pieces)
	for i := range 100 {
		few.Set(i * 997)
	}
	p.Join(1, few)
	p.Join(2, few)
	few.Clear(42 * 997)
	p.Join(3, few)
	for range maxSamples {
		got := p.Pick(nil, swarm.Ask{Peer: 1, MaxBlocks: 1, MaxNewPieces: 1})
		require.Equal(t, []swarm.Block{g.Block(42*997, 0)}, got)
		p.Drop(1, got[0])
	}
	for i := range 100 {
		require.Len(t, p.Pick(nil, swarm.Ask{Peer: 1, MaxBlocks: 1, MaxNewPieces: 1}), 1, "pick %d", i)
	}
	require.Empty(t, p.Pick(nil, swarm.Ask{Peer: 1, MaxBlocks: 1, MaxNewPieces: 1}))
	require.Empty(t, p.Pick(nil, swarm.Ask{Peer: 1, MaxBlocks: 1, MaxNewPieces: 1}))
	p.Have(1, 5, true)
	require.Equal(t, []swarm.Block{g.Block(5, 0)}, p.Pick(nil, swarm.Ask{Peer: 1, MaxBlocks: 1, MaxNewPieces: 1}),
		"a peer that had nothing to offer has something now")
}

// Thousands of pieces are rarer than those of a peer, and it has none of them. Of its own
// pieces it gets the rarest of the highest priority all the same.
func TestRarestOfPeerWithoutThousandsOfRarePieces(t *testing.T) {
	const pieces, step = 4000, 37
	g := blocks(pieces, 1)
	p := NewRarest(g, Config{Seed: 1})
	most, few := swarm.NewBitfield(pieces), swarm.NewBitfield(pieces)
	most.SetAll(pieces - 1) // a peer with all pieces would not count
	for i := range 100 {
		few.Set(i * step)
	}
	p.Join(1, most)
	p.Join(2, few)
	p.Join(3, few)
	few.Clear(42 * step)
	p.Join(4, few)
	want := func(piece int) {
		t.Helper()
		for range 50 {
			got := p.Pick(nil, swarm.Ask{Peer: 2, MaxBlocks: 1, MaxNewPieces: 1})
			require.Equal(t, []swarm.Block{g.Block(piece, 0)}, got)
			p.Drop(2, got[0])
		}
	}
	want(42 * step)
	p.SetPriority(7*step, 5)
	for i := range pieces {
		if i%step != 0 {
			p.SetPriority(i, 6)
		}
	}
	want(7 * step)
}

// Buckets release memory after their pieces have moved to other buckets.
func TestBucketsShrink(t *testing.T) {
	const pieces = 10_000
	p := NewRarest(blocks(pieces, 1), Config{Seed: 1})
	half := swarm.NewBitfield(pieces)
	half.SetAll(pieces / 2)
	p.Join(0, half)
	p.Pick(nil, swarm.Ask{Peer: 0, MaxBlocks: 1, MaxNewPieces: 1})
	for i := range swarm.Peer(50) {
		p.Join(1+i, half)
	}
	room := 0
	for _, bucket := range p.order.(*Rarest).byPriority[defaultPriority].byKey.cells {
		room += cap(bucket)
	}
	require.GreaterOrEqual(t, room, pieces-1, "every piece but the one that was begun has a place")
	require.LessOrEqual(t, room, pieces*5/2)
}
