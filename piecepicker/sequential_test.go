package piecepicker

import (
	"bytes"
	"slices"
	"testing"

	"github.com/shoal-bt/shoal/swarm"
	"github.com/stretchr/testify/require"
)

func TestSequentialGoesByIndex(t *testing.T) {
	g := blocks(6, 2)
	play(t, g, NewSequential(g, Config{}), `
		A joins 111111
		B joins 001101
		held 1
		B asks 3 = 2.0 2.1 3.0
		A asks 3 = 3.1 0.0 0.1   # what B began, then the first
		A asks 2 = 4.0 4.1
		lose 1
		A asks 3 = 1.0 1.1 5.0
	`)
}

func TestSequentialGoesByPriority(t *testing.T) {
	g := blocks(6, 1)
	play(t, g, NewSequential(g, Config{}), `
		A joins 111111
		B joins 110000
		priority 1 0
		priority 3 7
		priority 4 7
		priority 5 1
		interest B = true
		A asks 4 = 3.0 4.0 0.0 2.0
		held 0
		interest B = false
		priority 1 4
		interest B = true
		A asks 2 = 1.0 5.0
	`)
}

func TestSequentialGoesOnPast64(t *testing.T) {
	g := blocks(200, 1)
	p := NewSequential(g, Config{})
	for i := range 130 {
		p.Held(i)
	}
	has := make([]byte, 200)
	for i := range has {
		has[i] = '1'
	}
	play(t, g, p, `
		A joins `+string(has)+`
		A asks 2 = 130.0 131.0
		lose 63
		lose 64
		A asks 3 = 63.0 64.0 132.0
	`)
}

// The order can change in the middle, and back. The order that is not used has no memory.
func TestSetSequentialInTheMiddle(t *testing.T) {
	g := blocks(200, 1)
	p, twin := NewRarest(g, Config{Seed: 3}), NewRarest(g, Config{Seed: 3})
	for _, q := range []*Picker{p, twin} {
		q.Join(1, swarm.Bitfield(bytes.Repeat([]byte{0xff}, 25)))
	}
	begin := func(q *Picker, n int) (pieces []int) {
		for _, b := range q.Pick(nil, swarm.Ask{Peer: 1, MaxBlocks: n, MaxNewPieces: n, Now: start}) {
			pieces = append(pieces, b.Piece)
		}
		return pieces
	}
	require.Equal(t, begin(twin, 10), begin(p, 10))
	p.SetSequential(true)
	require.Nil(t, p.own.(*Rarest).position, "the other order keeps its memory")
	got := begin(p, 50)
	require.True(t, slices.IsSorted(got))
	p.SetPriority(199, 7)
	p.SetPriority(198, 0)
	require.Equal(t, 199, begin(p, 1)[0])
	p.SetSequential(true)
	rest := begin(p, 10)
	require.True(t, slices.IsSorted(rest) && rest[0] > got[49])
	p.SetSequential(false)
	require.False(t, slices.IsSorted(begin(p, 50)))
	require.Len(t, begin(p, 200), 200-1-10-50-1-10-50)
}

// A picker that was made sequential has no other order to go back to.
func TestSetSequentialOffKeepsTheOwnOrder(t *testing.T) {
	p := NewSequential(blocks(20, 1), Config{})
	p.Join(1, swarm.Bitfield{0xff, 0xff, 0xf0})
	p.SetSequential(true)
	p.SetSequential(false)
	got := p.Pick(nil, swarm.Ask{Peer: 1, MaxBlocks: 20, MaxNewPieces: 20, Now: start})
	require.Len(t, got, 20)
	require.Equal(t, 19, got[19].Piece)
}
