package metainfo_test

import (
	"bytes"
	"math/rand/v2"
	"testing"

	"github.com/shoal-bt/shoal/metainfo"
	"github.com/shoal-bt/shoal/metainfo/builder"
	"github.com/shoal-bt/shoal/metainfo/internal/sample"
	"github.com/shoal-bt/shoal/swarm"
	"github.com/stretchr/testify/require"
)

// inSections checks pieces in sections of random length, and returns the last verdict
// of each. In each batch some pieces wait.
func inSections(t *testing.T, r *rand.Rand, i *metainfo.Info, whole []swarm.Verdict) []swarm.Verdict {
	out := make([]swarm.Verdict, len(whole))
	at := make([]swarm.Verdict, len(whole))
	var left []int
	for p := range whole {
		at[p] = swarm.Verdict{Piece: whole[p].Piece, Stored: whole[p].Stored}
		left = append(left, p)
	}
	for len(left) > 0 {
		r.Shuffle(len(left), func(a, b int) { left[a], left[b] = left[b], left[a] })
		now := left[:1+r.IntN(len(left))]
		batch := make([]swarm.Verdict, len(now))
		for n, p := range now {
			v := at[p]
			all := whole[p].Blocks
			v.Blocks = all[v.From : v.From+1+r.IntN(len(all)-v.From)]
			batch[n] = v
		}
		i.Verify(batch)
		var again []int
		for n, p := range now {
			v := batch[n]
			if v.From+len(v.Blocks) == len(whole[p].Blocks) {
				out[p] = v
				continue
			}
			require.NoError(t, v.Err)
			require.False(t, v.OK)
			require.NotNil(t, v.State)
			at[p].From, at[p].State = v.From+len(v.Blocks), v.State
			again = append(again, p)
		}
		left = append(again, left[len(now):]...)
	}
	return out
}

func TestVerifyInSections(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	each(t, func(t *testing.T, i *metainfo.Info, all []byte) {
		batch := sample.InMemory(i, all)
		for p := range batch {
			batch[p].Stored = reader(all)
			for n := range batch[p].Blocks {
				if r.IntN(5) == 0 {
					batch[p].Blocks[n] = nil
				}
			}
		}
		for _, v := range inSections(t, r, i, batch) {
			require.True(t, v.OK, "piece %d: %v", v.Piece, v.Err)
		}
		for p := range batch {
			n := r.IntN(len(batch[p].Blocks))
			if batch[p].Blocks[n] == nil {
				continue
			}
			batch[p].Blocks[n][0] ^= 1
			for q, v := range inSections(t, r, i, batch) {
				require.Equal(t, q != p, v.OK, "piece %d block %d", q, n)
				require.NoError(t, v.Err)
			}
			batch[p].Blocks[n][0] ^= 1
		}
	})
}

func TestVerifyRefusesWrongStates(t *testing.T) {
	tor := build(t, builder.Options{Format: metainfo.V1, PieceLength: 256 << 10}, sample.Folder())
	all := sample.Flat(tor.Info, sample.Folder())
	whole := sample.InMemory(tor.Info, all)[0].Blocks
	first := []swarm.Verdict{{Blocks: whole[:4]}}
	tor.Info.Verify(first)
	state := first[0].State
	for name, v := range map[string]swarm.Verdict{
		"no state":             {Blocks: whole[4:], From: 4},
		"of other blocks":      {Blocks: whole[3:], From: 3, State: state},
		"before the first":     {Blocks: whole, State: state},
		"of another package":   {Blocks: whole[4:], From: 4, State: bytes.MinRead},
		"with no blocks":       {Blocks: whole[:0], From: 4, State: state},
		"with nil blocks":      {From: 4, State: state},
		"with too many blocks": {Blocks: whole, From: 4, State: state},
	} {
		batch := []swarm.Verdict{v}
		tor.Info.Verify(batch)
		require.Error(t, batch[0].Err, name)
		require.False(t, batch[0].OK, name)
	}
	batch := []swarm.Verdict{{Blocks: whole[4:], From: 4, State: state}}
	tor.Info.Verify(batch)
	require.True(t, batch[0].OK)
}
