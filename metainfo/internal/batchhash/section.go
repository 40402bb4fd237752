package batchhash

import (
	"slices"

	"github.com/shoal-bt/shoal/piecehash"
	"github.com/shoal-bt/shoal/swarm"
)

// A sectionState is the State of a Verdict: the hashes of the first blocks of a piece.
// It never changes.
type sectionState struct {
	blocks   int
	v1       piecehash.State1
	leaves   [][32]byte
	padDirty bool // as in piece
}

// hasMore reports whether the piece has more blocks behind those of a verdict.
func (h *Hasher) hasMore(v *swarm.Verdict) bool {
	return v.Blocks != nil && v.From+len(v.Blocks) < h.g.BlockCount(v.Piece)
}

// stateOf returns the state of a piece that has more blocks.
func (h *Hasher) stateOf(n int) *sectionState {
	p := &h.pieces[n]
	blocks := p.v.From + len(p.v.Blocks)
	return &sectionState{
		blocks:   blocks,
		v1:       h.sections[n].State,
		leaves:   slices.Clone(p.leaves[:min(blocks, len(p.leaves))]),
		padDirty: p.padDirty,
	}
}
