package pickertest

import (
	"fmt"
	"slices"
	"testing"

	"github.com/shoal-bt/shoal/swarm"
)

func TestLowestKeepsTheContract(t *testing.T) {
	Run(t, func(_ *testing.T, g swarm.Geometry) swarm.Picker { return NewLowest(g) })
}

func TestShuffledKeepsTheContract(t *testing.T) {
	Run(t, func(_ *testing.T, g swarm.Geometry) swarm.Picker { return NewShuffled(g, 5) })
}

func FuzzLowest(f *testing.F) {
	Fuzz(f, func(_ *testing.T, g swarm.Geometry) swarm.Picker { return NewLowest(g) })
}

func TestLowestIsEasyToForesee(t *testing.T) {
	g := swarm.Geometry{Length: 6 << 15, PieceLength: 1 << 15}
	pick := func(l *Lowest, p swarm.Peer, blocks, pieces int) (numbers []int) {
		for _, b := range l.Pick(nil, swarm.Ask{Peer: p, MaxBlocks: blocks, MaxNewPieces: pieces}) {
			numbers = append(numbers, 2*b.Piece+b.Begin/swarm.BlockLen)
		}
		return numbers
	}
	l := NewLowest(g)
	l.Join(1, full(g))
	l.Join(2, some(g, 3, 4))
	for _, test := range []struct {
		peer           swarm.Peer
		blocks, pieces int
		want           []int
	}{
		{2, 1, 9, []int{6}},
		{1, 4, 9, []int{7, 0, 1, 2}}, // what is begun comes first
		{1, 9, 0, []int{3}},
		{1, 9, 9, []int{4, 5, 8, 9, 10, 11, 6}}, // the end game is on
		{2, 9, 9, []int{7, 8, 9}},
		{1, 9, 9, nil},
	} {
		if got := pick(l, test.peer, test.blocks, test.pieces); !slices.Equal(got, test.want) {
			t.Errorf("peer %d: %d blocks, %d new pieces: picked %v, want %v", test.peer, test.blocks, test.pieces, got, test.want)
		}
	}

	orders := make(map[string]bool)
	for seed := range uint64(20) {
		var order []int
		for range 2 { // the same seed, the same order
			l := NewShuffled(g, seed)
			l.Join(1, full(g))
			got := pick(l, 1, 12, 12)
			if order != nil && !slices.Equal(got, order) {
				t.Errorf("seed %d: %v, then %v", seed, order, got)
			}
			order = got
		}
		orders[fmt.Sprint(order)] = true
	}
	if len(orders) < 15 {
		t.Errorf("20 seeds have %d orders", len(orders))
	}
}

func TestLowestShowsWhatItKnows(t *testing.T) {
	g := swarm.Geometry{Length: 2 << 15, PieceLength: 1 << 15, Pads: []swarm.Span{{Offset: 1<<15 + 9, Length: 1<<15 - 9}}}
	l := NewLowest(g)
	l.Join(1, full(g))
	l.Arrive(nil, 1, g.Request(0, 1))
	l.Held(1)
	for _, test := range []struct {
		what      string
		got, want bool
	}{
		{"piece 0 is held", l.IsHeld(0), false},
		{"piece 1 is held", l.IsHeld(1), true},
		{"block 0 of piece 0 has arrived", l.HasArrived(g.Block(0, 0)), false},
		{"block 1 of piece 0 has arrived", l.HasArrived(g.Block(0, 1)), true},
		{"block 0 of piece 1 has arrived", l.HasArrived(g.Request(1, 0)), true},
		{"block 0 of piece 1 has arrived with its pad", l.HasArrived(g.Block(1, 0)), false},
		{"peer 1 is known", l.Knows(1), true},
		{"peer 2 is known", l.Knows(2), false},
	} {
		if test.got != test.want {
			t.Errorf("%s: %v, want %v", test.what, test.got, test.want)
		}
	}
}
