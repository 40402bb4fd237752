package piecepicker_test

import (
	"testing"
	"time"

	"github.com/shoal-bt/shoal/piecepicker"
	"github.com/shoal-bt/shoal/swarm"
	"github.com/stretchr/testify/require"
)

// Ask.Spread picks runs of blocks from several pieces in turn.
func TestSpreadPicksFromPiecesInTurn(t *testing.T) {
	g := swarm.Geometry{Length: 20 << 20, PieceLength: 1 << 20}
	p := piecepicker.NewSequential(g, piecepicker.Config{})
	all := swarm.NewBitfield(20)
	all.SetAll(20)
	p.Join(1, all)
	pick := func(n, spread int) (pieces []int) {
		for i, b := range p.Pick(nil, swarm.Ask{Peer: 1, MaxBlocks: n, MaxNewPieces: 4, Spread: spread, Now: time.Unix(1, 0)}) {
			require.Equal(t, swarm.BlockLen, b.Length)
			if i%16 == 0 {
				pieces = append(pieces, b.Piece)
			}
			require.Equal(t, pieces[i/16], b.Piece, "block %d", i)
		}
		return pieces
	}
	require.Equal(t, []int{0, 1, 2, 3, 0, 1}, pick(6*16, 4))
	require.Equal(t, []int{2, 3, 0, 1}, pick(4*16, 4))
	require.Equal(t, []int{2, 3, 0, 4, 1, 5, 2, 6, 3, 7}, pick(10*16, 4), "new pieces replace those whose blocks are all requested")
	require.Equal(t, []int{7, 7, 7, 4}, pick(4*16, 1), "without Spread, one piece after the other")
}

// Pieces that were not picked from in turn yet come in the order in which they were begun,
// also if one of them had no free block for a while.
func TestSpreadBeginsWithTheOldestPiece(t *testing.T) {
	g := swarm.Geometry{Length: 3 * 40 * swarm.BlockLen, PieceLength: 40 * swarm.BlockLen}
	p := piecepicker.NewSequential(g, piecepicker.Config{})
	p.Join(1, swarm.Bitfield{0xe0})
	first := p.Pick(nil, swarm.Ask{Peer: 1, MaxBlocks: 40, MaxNewPieces: 1}) // all of piece 0
	for _, piece := range []int{1, 2} {
		got := p.Pick(nil, swarm.Ask{Peer: 1, MaxBlocks: 1, MaxNewPieces: 1, First: []int{piece}})
		require.Equal(t, []swarm.Block{g.Block(piece, 0)}, got)
	}
	for _, b := range first[:32] {
		p.Drop(1, b)
	}
	var pieces []int
	for i, b := range p.Pick(nil, swarm.Ask{Peer: 1, MaxBlocks: 64, Spread: 3}) {
		if i%16 == 0 {
			pieces = append(pieces, b.Piece)
		}
		require.Equal(t, pieces[i/16], b.Piece, "block %d", i)
	}
	require.Equal(t, []int{0, 1, 2, 0}, pieces)
}
