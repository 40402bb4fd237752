package metainfo

import (
	"slices"

	"github.com/shoal-bt/shoal/piecehash"
	"github.com/shoal-bt/shoal/swarm"
)

// A sectionState is the State of a Verdict: the hashes of the first blocks of a piece.
// It never changes.
type sectionState struct {
	blocks int
	one    piecehash.State1 // v1
	leaves [][32]byte       // v2
	dirty  bool             // as in piece
}

// hasMore reports whether the piece goes on after the blocks of a verdict.
func (s *batchHasher) hasMore(v *swarm.Verdict) bool {
	return v.Blocks != nil && v.From+len(v.Blocks) < s.g.BlockCount(v.Piece)
}

// stateOf makes the state of a piece that goes on.
func (s *batchHasher) stateOf(n int) *sectionState {
	p := &s.pieces[n]
	blocks := p.v.From + len(p.v.Blocks)
	return &sectionState{
		blocks: blocks,
		one:    s.sections[n].State,
		leaves: slices.Clone(p.leaves[:min(blocks, len(p.leaves))]),
		dirty:  p.padDirty,
	}
}
