package piecepicker

import (
	"testing"

	"github.com/shoal-bt/shoal/swarm"
)

var _ swarm.Prioritizer = (*Picker)(nil)

func TestSmoke(t *testing.T) {
	g := swarm.Geometry{Length: 100<<18 + 5, PieceLength: 1 << 18}
	for _, p := range []*Picker{New(g), NewSequential(g, Config{})} {
		full := swarm.NewBitfield(g.Pieces())
		full.SetAll(g.Pieces())
		for i := range 5 {
			p.Join(swarm.Peer(i), full)
		}
		got := map[swarm.Block]bool{}
		var dst []swarm.Block
		left := map[int]int{}
		for i := range g.Pieces() {
			left[i] = g.BlockCount(i)
		}
		for round := 0; len(left) > 0; round++ {
			id := swarm.Peer(round % 5)
			if !p.Wants(id) {
				t.Fatal("not wanted")
			}
			dst = p.Pick(dst[:0], swarm.Ask{Peer: id, Blocks: 7, Begin: 2})
			if len(dst) == 0 {
				t.Fatal("none", len(left))
			}
			for _, b := range dst {
				if _, ok := p.Arrive(nil, id, b); !ok {
					t.Fatal("dup", b)
				}
				got[b] = true
				if left[b.Piece]--; left[b.Piece] == 0 {
					p.Held(b.Piece)
					delete(left, b.Piece)
				}
			}
		}
		if p.Wants(0) || p.board.count != 0 {
			t.Fatal("rest")
		}
	}
}
