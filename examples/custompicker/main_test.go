package main

import (
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/shoal-bt/shoal/piecepicker"
	"github.com/shoal-bt/shoal/protocol"
	"github.com/shoal-bt/shoal/protocol/revealing/revealtest"
	"github.com/shoal-bt/shoal/swarm"
	"github.com/shoal-bt/shoal/swarm/pickertest"
	"github.com/stretchr/testify/require"
)

func TestPicker(t *testing.T) {
	pickertest.Run(t, func(_ *testing.T, g swarm.Geometry) swarm.Picker { return newPicker(g) })
}

func TestRevealer(t *testing.T) {
	revealtest.Run(t, func(pieces int) protocol.Revealer { return newFewAtATime(pieces, 1) })
}

// A piece that fewer peers have comes first.
func TestQueue(t *testing.T) {
	require.True(t, rareFirst{}.Before(piecepicker.Partial{Availability: 1, Begun: 2}, piecepicker.Partial{Availability: 2, Begun: 1}))
	require.True(t, rareFirst{}.Before(piecepicker.Partial{Begun: 1}, piecepicker.Partial{Begun: 2}))
	require.False(t, rareFirst{}.Before(piecepicker.Partial{Begun: 2}, piecepicker.Partial{Begun: 2}))
}

// In the simulation all peers end with everything, whichever part is the own one.
func TestCompare(t *testing.T) {
	var out, again strings.Builder
	require.NoError(t, run(t.Context(), &out, []string{"compare"}))
	require.NoError(t, run(t.Context(), &again, []string{"compare"}))
	require.Equal(t, out.String(), again.String())
	require.Equal(t, 4, strings.Count(out.String(), "last "), out.String())
	require.NotContains(t, out.String(), "-", "a time is negative if that never was")
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
