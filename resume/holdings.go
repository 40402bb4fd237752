package resume

import (
	"maps"
	"slices"

	"github.com/shoal-bt/shoal/swarm"
)

// holdings are the pieces in the storage, and blocks of other pieces.
type holdings struct {
	pieces swarm.Bitfield
	spills map[int]map[int]bool // blocks by piece
}

func newHoldings(pieces int) holdings {
	return holdings{pieces: swarm.NewBitfield(pieces), spills: make(map[int]map[int]bool)}
}

func (h *holdings) empty() bool { return len(h.spills) == 0 && h.pieces.Count() == 0 }

// add adds a piece. Its spilled blocks are no longer listed.
func (h *holdings) add(piece int) {
	h.pieces.Set(piece)
	delete(h.spills, piece)
}

func (h *holdings) spill(piece, block int) {
	if h.spills[piece] == nil {
		h.spills[piece] = make(map[int]bool)
	}
	h.spills[piece][block] = true
}

// drop removes a piece and its blocks.
func (h *holdings) drop(piece int) {
	h.pieces.Clear(piece)
	delete(h.spills, piece)
}

// merge adds everything in other.
func (h *holdings) merge(other holdings) {
	for piece, blocks := range other.spills {
		for block := range blocks {
			h.spill(piece, block)
		}
	}
	for i := range 8 * len(other.pieces) {
		if other.pieces.Has(i) {
			h.add(i)
		}
	}
}

// spilled returns the blocks in the form of a Record.
func (h *holdings) spilled() []Spill {
	var list []Spill
	for _, piece := range slices.Sorted(maps.Keys(h.spills)) {
		list = append(list, Spill{Piece: piece, Blocks: slices.Sorted(maps.Keys(h.spills[piece]))})
	}
	return list
}
