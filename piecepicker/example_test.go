package piecepicker_test

import (
	"fmt"

	"github.com/shoal-bt/shoal/piecepicker"
	"github.com/shoal-bt/shoal/swarm"
)

// Two peers, one of them a seed. Piece 1 is rarer than piece 0, so it comes first.
func Example() {
	g := swarm.Geometry{Length: 4 * swarm.BlockLen, PieceLength: 2 * swarm.BlockLen}
	p := piecepicker.New(g)
	p.Join(1, swarm.Bitfield{0xc0})
	p.Join(2, swarm.Bitfield{0x80})
	for _, b := range p.Pick(nil, swarm.Ask{Peer: 1, MaxBlocks: 3, MaxNewPieces: 2}) {
		fmt.Println("ask peer 1 for piece", b.Piece, "from byte", b.Begin)
		if b.Piece == 0 {
			continue
		}
		if _, missing := p.Arrive(nil, 1, b); missing {
			fmt.Println("it came")
		}
	}
	p.Held(1)
	fmt.Println("of interest:", p.Wants(1), p.Wants(2))
	// Output:
	// ask peer 1 for piece 1 from byte 0
	// it came
	// ask peer 1 for piece 1 from byte 16384
	// it came
	// ask peer 1 for piece 0 from byte 0
	// of interest: true true
}

// A lastFirst order begins pieces from the end of the torrent.
type lastFirst struct {
	piecepicker.Sequential
	board *piecepicker.Board
}

func (l *lastFirst) Start(b *piecepicker.Board) {
	l.board = b
	l.Sequential.Start(b)
}

func (l *lastFirst) Next(has *piecepicker.Set) (int, bool) {
	for i := l.board.Pieces() - 1; i >= 0; i-- {
		if l.board.Fresh().Has(i) && has.Has(i) {
			return i, true
		}
	}
	return 0, false
}

// A picker with an Order of your own and a ready-made Queue and EndGame.
func ExampleMix() {
	g := swarm.Geometry{Length: 3 * swarm.BlockLen, PieceLength: swarm.BlockLen}
	p := piecepicker.Mix(g, &lastFirst{}, piecepicker.Config{EndGame: piecepicker.NoDuplicates{}})
	p.Join(1, swarm.Bitfield{0xe0})
	for _, b := range p.Pick(nil, swarm.Ask{Peer: 1, MaxBlocks: 3, MaxNewPieces: 3}) {
		fmt.Println(b.Piece)
	}
	// Output:
	// 2
	// 1
	// 0
}
