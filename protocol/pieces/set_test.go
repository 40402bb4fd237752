package pieces

import (
	"math/rand/v2"
	"testing"

	"github.com/shoal-bt/shoal/swarm"
	"github.com/stretchr/testify/require"
)

// TestSetIsABitfield compares a Set with a plain bitfield.
func TestSetIsABitfield(t *testing.T) {
	const n = 19
	rng := rand.New(rand.NewPCG(1, 2))
	var s Set
	want := swarm.NewBitfield(n)
	for range 2000 {
		switch op := rng.IntN(100); op {
		case 0:
			s.Fill(n)
			want.SetAll(n)
		case 1:
			s.Clear()
			want = swarm.NewBitfield(n)
		case 2:
			want = swarm.NewBitfield(n)
			for range rng.IntN(2 * n) {
				want.Set(rng.IntN(n))
			}
			s.Assign(want.Clone(), n)
		default:
			piece := rng.IntN(n)
			require.Equal(t, !want.Has(piece), s.Add(piece, n))
			want.Set(piece)
		}
		require.Equal(t, want.Count(), s.Count())
		require.Equal(t, want.Count() == n, s.All(n))
		require.Equal(t, want, s.Bitfield(n))
		for i := range n {
			require.Equal(t, want.Has(i), s.Has(i, n))
		}
	}
}

func TestSetOfATorrentWithoutPieces(t *testing.T) {
	var s Set
	require.False(t, s.All(0))
	require.Zero(t, s.Count())
}
