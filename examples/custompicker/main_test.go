package main

import (
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/shoal-bt/shoal/swarm"
	"github.com/shoal-bt/shoal/swarm/pickertest"
	"github.com/stretchr/testify/require"
)

func TestPicker(t *testing.T) {
	pickertest.Run(t, func(_ *testing.T, g swarm.Geometry) swarm.Picker { return newPicker(g) })
}

// The last of the pieces that a peer has comes first, and the blocks of each in order.
func TestBackwards(t *testing.T) {
	g := swarm.Geometry{Length: 6<<15 - 100, PieceLength: 1 << 15}
	p := newPicker(g)
	have := swarm.NewBitfield(g.Pieces())
	have.SetAll(g.Pieces())
	have.Clear(4)
	p.Join(1, have)
	var want []swarm.Block
	for _, i := range []int{5, 3, 2, 1, 0} {
		want = slices.AppendSeq(want, g.Blocks(i))
	}
	require.Equal(t, want, p.Pick(nil, swarm.Ask{Peer: 1, MaxBlocks: 100, MaxNewPieces: 100}))
}

func TestRun(t *testing.T) {
	var out strings.Builder
	require.NoError(t, run(t.Context(), &out, nil))
	pieces := strings.Fields(out.String())
	require.Len(t, pieces, 34)
	require.Equal(t, "done", pieces[33])
	for i := range 33 {
		require.Contains(t, pieces, strconv.Itoa(i))
	}
}
