package pieces

import (
	"math/rand/v2"
	"slices"
	"strings"
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
		case 3, 4, 5, 6, 7, 8:
			piece := rng.IntN(n)
			require.Equal(t, want.Has(piece), s.Remove(piece, n))
			want.Clear(piece)
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

func TestSetMissing(t *testing.T) {
	for _, has := range []string{"00000000 00", "11111111 11", "10010000 01"} {
		s, b := setOf(has), bitfieldOf("10000000 11")
		var missing []int
		for i := range s.Missing(b, 10) {
			require.True(t, s.Add(i, 10), "it is added meanwhile")
			missing = append(missing, i)
		}
		for i := range 10 {
			require.Equal(t, b.Has(i) && !setOf(has).Has(i, 10), slices.Contains(missing, i), "%s: %d", has, i)
		}
	}
}

func TestSetIn(t *testing.T) {
	b := bitfieldOf("10000000 11")
	for has, want := range map[string]bool{"00000000 00": true, "10000000 01": true, "10000000 11": true, "00000001 00": false, "11111111 11": false} {
		require.Equal(t, want, setOf(has).In(b, 10), has)
	}
}

func setOf(bits string) *Set {
	s := new(Set)
	s.Assign(bitfieldOf(bits), 10)
	return s
}

func bitfieldOf(bits string) swarm.Bitfield {
	bits = strings.ReplaceAll(bits, " ", "")
	b := swarm.NewBitfield(len(bits))
	for i, c := range bits {
		if c == '1' {
			b.Set(i)
		}
	}
	return b
}
