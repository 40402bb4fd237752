package piecepicker

import (
	"math"
	"testing"
	"time"

	"github.com/shoal-bt/shoal/swarm"
	"github.com/shoal-bt/shoal/swarm/pickertest"
	"github.com/stretchr/testify/require"
)

var (
	_ swarm.Prioritizer = (*Picker)(nil)
	_ swarm.EndGamer    = (*Picker)(nil)
)

func TestRarestKeepsTheContract(t *testing.T) {
	pickertest.Run(t, func(t *testing.T, g swarm.Geometry) swarm.Picker {
		return careful{NewRarest(g, Config{Seed: 1}), t}
	})
}

func TestSequentialKeepsTheContract(t *testing.T) {
	pickertest.Run(t, func(t *testing.T, g swarm.Geometry) swarm.Picker {
		return careful{NewSequential(g, Config{}), t}
	})
}

func TestMixturesKeepTheContract(t *testing.T) {
	pickertest.Run(t, func(t *testing.T, g swarm.Geometry) swarm.Picker {
		return careful{NewRarest(g, Config{Queue: OldestFirst{}, EndGame: NoDuplicates{}}), t}
	})
}

// Pieces that are all pad are not wanted, because nothing of them can be requested.
func TestPiecesThatAreAllPad(t *testing.T) {
	for _, short := range []bool{false, true} {
		g := blocks(4, 2)
		g.Length -= 5
		g.Short = short
		g.Pads = []swarm.Span{
			{Offset: 1<<15 - 10, Length: 1<<15 + 10}, // the end of piece 0, and piece 1
			{Offset: 3 << 15, Length: 1<<15 - 5},     // piece 3, which is the last
		}
		p := New(g)
		p.Join(1, swarm.Bitfield{0x50})
		require.False(t, p.Wants(1))
		p.Join(2, swarm.Bitfield{0xf0})
		require.Len(t, p.Pick(nil, ask(2, 9)), 4)
		_, missing := p.Arrive(nil, 2, swarm.Block{Piece: 1, Begin: 0, Length: swarm.BlockLen})
		require.False(t, missing)
		for i := range 4 {
			p.Held(i)
		}
		p.Lose(1, nil)
		p.Lose(3, []int{0, 1})
		require.False(t, p.Wants(2))
		require.Empty(t, p.Pick(nil, ask(2, 9)))
		p.Lose(0, []int{0, 1, 2})
		require.True(t, p.Wants(2))
		require.Len(t, p.Pick(nil, ask(2, 9)), 2)
	}
}

func TestEmptyTorrent(t *testing.T) {
	p := New(swarm.Geometry{PieceLength: 1})
	p.Join(1, nil)
	p.Have(1, 0, true)
	require.False(t, p.Wants(1))
	require.Empty(t, p.Pick(nil, ask(1, 1)))
	p.Leave(1)
}

// Calls with indices of no piece do nothing, because such indices may come from a peer or
// a user.
func TestIndicesOutsideTheTorrent(t *testing.T) {
	g := blocks(3, 2)
	p := New(g)
	c := careful{p, t}
	p.Join(1, swarm.Bitfield{0xff, 0xff})
	for _, i := range []int{-1, 3, 64, math.MaxInt32, math.MinInt32} {
		c.Have(1, i, true)
		c.Held(i)
		c.Lose(i, nil)
		c.SetPriority(i, 7)
		c.SetDeadline(i, start)
		c.Drop(1, swarm.Block{Piece: i, Length: swarm.BlockLen})
		_, missing := c.Arrive(nil, 1, swarm.Block{Piece: i, Length: swarm.BlockLen})
		require.False(t, missing)
	}
	p.Held(0)
	c.Lose(0, []int{})
	c.Lose(0, []int{-1, 2, math.MaxInt32})
	require.True(t, p.held.Has(0))
	c.SetPriority(1, 99)
	c.SetPriority(2, -5)
	require.Equal(t, 7, p.board.Priority(1))
	require.Equal(t, 0, p.board.Priority(2))
	require.Len(t, p.Pick(nil, ask(1, 9)), 2)
}

// If a peer joins twice, which the engine never does, its requests still end.
func TestJoinTwice(t *testing.T) {
	g := blocks(3, 2)
	c := careful{New(g), t}
	c.Join(1, swarm.Bitfield{0xe0})
	c.Pick(nil, ask(1, 4))
	c.Join(1, swarm.Bitfield{0x20})
	require.Len(t, c.Pick(nil, ask(1, 9)), 2)
}

// A torrent that is complete takes three bits for each piece.
func TestMemoryOfCompleteTorrent(t *testing.T) {
	const pieces = 100_000
	full := swarm.NewBitfield(pieces)
	full.SetAll(pieces)
	p := New(blocks(pieces, 1))
	p.Join(1, full)
	p.Join(2, swarm.NewBitfield(pieces))
	p.Have(2, 7, true)
	p.Pick(nil, ask(1, 1000))
	for i := range pieces {
		p.Held(i)
	}
	require.Nil(t, p.partialAt)
	require.Empty(t, p.spare)
	require.Nil(t, p.order.(*Rarest).position)
	p.Leave(1)
	p.Leave(2)
	require.Nil(t, p.board.keys)

	// The picker works as before when a piece is lost.
	p.Join(3, full)
	p.Lose(5, nil)
	require.Equal(t, 1, p.Availability(5))
	require.True(t, p.Wants(3))
	require.Len(t, p.Pick(nil, ask(3, 1000)), 1)
}

// Blocks are picked and arrive without an allocation.
func TestNoAllocations(t *testing.T) {
	const pieces, count, peers = 20_000, 16, 50
	g := blocks(pieces, count)
	full := swarm.NewBitfield(pieces)
	full.SetAll(pieces)
	half := swarm.NewBitfield(pieces)
	for i := range half {
		half[i] = byte(i*37 + i>>3)
	}
	for name, p := range map[string]*Picker{"rarest": New(g), "sequential": NewSequential(g, Config{})} {
		for i := range peers {
			if i%2 == 0 {
				p.Join(swarm.Peer(i), full)
			} else {
				p.Join(swarm.Peer(i), half)
			}
		}
		blocks := make([]swarm.Block, 0, 64)
		cancel := make([]swarm.Peer, 0, 8)
		arrived := make([]int, pieces)
		now, turn := start, 0
		step := func() {
			turn++
			id := swarm.Peer(turn % peers)
			now = now.Add(time.Millisecond)
			blocks = p.Pick(blocks[:0], swarm.Ask{Peer: id, MaxBlocks: 20, MaxNewPieces: 2, Now: now, Delay: time.Second})
			for i, b := range blocks {
				if i == 3 {
					p.Drop(id, b)
					continue
				}
				cancel, _ = p.Arrive(cancel[:0], id, b)
				if arrived[b.Piece]++; arrived[b.Piece] == count {
					p.Held(b.Piece)
				}
			}
			if !p.Wants(id) {
				t.Fatal("the torrent is too small for this test")
			}
		}
		for range 2000 {
			step()
		}
		require.Zero(t, testing.AllocsPerRun(5000, step), name)
	}
}
