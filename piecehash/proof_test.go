package piecehash_test

import (
	"slices"
	"testing"

	"github.com/shoal-bt/shoal/piecehash"
	"github.com/stretchr/testify/require"
)

func TestEveryAnswerChecks(t *testing.T) {
	for _, n := range []int{2, 3, 5, 8, 13, 19} {
		tree := piecehash.NewTree(leavesOf(content(n*piecehash.BlockLen)), 0)
		rows := naive(tree.Layer(0), tree.Height())
		for base := range tree.Height() {
			width := 1 << (tree.Height() - base)
			for length := 2; length <= width; length *= 2 {
				for index := 0; index < width; index += length {
					r := piecehash.Request{Base: base, Index: index, Length: length, Proofs: piecehash.FullProof(tree.Height(), base)}
					answer, ok := tree.Answer(nil, r)
					require.True(t, ok, "%+v of %d leaves", r, n)
					require.Equal(t, rows[base][index:index+length], answer[:length])
					require.Len(t, answer, length+r.Uncles())
					require.True(t, piecehash.Check(tree.Root(), tree.Height(), r, answer), "%+v of %d leaves", r, n)
					for i := range answer {
						bad := slices.Clone(answer)
						bad[i][7] ^= 1
						require.False(t, piecehash.Check(tree.Root(), tree.Height(), r, bad), "%+v with hash %d changed", r, i)
					}
					require.False(t, piecehash.Check(tree.Root(), tree.Height(), r, answer[1:]))
				}
			}
		}
	}
}

// A request for a proof that ends below the root is answered, but the answer does not
// pass Check.
func TestShortProofs(t *testing.T) {
	tree := piecehash.NewTree(leavesOf(content(16*piecehash.BlockLen)), 0)
	r := piecehash.Request{Index: 4, Length: 4, Proofs: 2}
	require.Equal(t, 1, r.Uncles())
	answer, ok := tree.Answer(nil, r)
	require.True(t, ok)
	require.Len(t, answer, 5)
	require.Equal(t, tree.Layer(2)[0], answer[4])
	require.False(t, piecehash.Check(tree.Root(), tree.Height(), r, answer))

	r.Proofs = 0
	require.Zero(t, r.Uncles())
	answer, ok = tree.Answer(nil, r)
	require.True(t, ok)
	require.Equal(t, tree.Layer(0)[4:8], answer)
}

func TestInvalidRequests(t *testing.T) {
	tree := piecehash.NewTree(leavesOf(content(13*piecehash.BlockLen)), 0)
	require.Equal(t, 4, tree.Height())
	for _, r := range []piecehash.Request{
		{Length: 0}, {Length: 1}, {Length: 3}, {Length: -2}, {Length: 1024}, {Length: 32},
		{Length: 2, Index: 1}, {Length: 2, Index: -2}, {Length: 4, Index: 2}, {Length: 2, Index: 16}, {Length: 2, Index: 1 << 30},
		{Length: 2, Base: 4}, {Length: 2, Base: -1}, {Length: 4, Base: 3},
		{Length: 2, Proofs: -1}, {Length: 2, Proofs: 4}, {Length: 2, Base: 2, Proofs: 2},
	} {
		require.False(t, r.Valid(4), "%+v", r)
		answer, ok := tree.Answer(nil, r)
		require.False(t, ok)
		require.Empty(t, answer)
		require.False(t, piecehash.Check(tree.Root(), 4, r, make([][32]byte, 2)))
	}
	require.False(t, piecehash.Request{Length: 2}.Valid(-1))
	require.False(t, piecehash.Request{Length: 2}.Valid(100))
	require.False(t, piecehash.Request{Length: 2}.Valid(piecehash.MaxLayer+1))
	require.True(t, piecehash.Request{Length: 2}.Valid(piecehash.MaxLayer))

	half := piecehash.NewTree(tree.Layer(2), 2)
	_, ok := half.Answer(nil, piecehash.Request{Length: 2})
	require.False(t, ok, "a layer that the tree does not hold")
	_, ok = half.Answer(nil, piecehash.Request{Base: 2, Length: 2})
	require.True(t, ok)
}

func TestCheckDoesNotAllocate(t *testing.T) {
	if race {
		t.Skip("the race detector allocates")
	}
	tree := piecehash.NewTree(leavesOf(content(64*piecehash.BlockLen)), 0)
	r := piecehash.Request{Index: 16, Length: 16, Proofs: 5}
	answer, ok := tree.Answer(nil, r)
	require.True(t, ok)
	require.Zero(t, testing.AllocsPerRun(20, func() {
		if !piecehash.Check(tree.Root(), 6, r, answer) {
			t.Error("a right answer was refused")
		}
	}))
}

// FuzzCheck looks for requests and answers that panic, and for a wrong answer that
// passes Check.
func FuzzCheck(f *testing.F) {
	tree := piecehash.NewTree(leavesOf(content(13*piecehash.BlockLen)), 0)
	f.Add(0, 0, 2, 3, []byte{1})
	f.Add(1, 4, 4, 2, make([]byte, 200))
	f.Fuzz(func(t *testing.T, base, index, length, proofs int, b []byte) {
		r := piecehash.Request{Base: base, Index: index, Length: length, Proofs: proofs}
		var answer [][32]byte
		for len(b) >= 32 {
			answer, b = append(answer, [32]byte(b)), b[32:]
		}
		want, ok := tree.Answer(nil, r)
		if piecehash.Check(tree.Root(), tree.Height(), r, answer) && (!ok || !slices.Equal(want, answer)) {
			t.Fatalf("%+v: a made-up answer passed", r)
		}
	})
}

func BenchmarkAnswer(b *testing.B) {
	tree := piecehash.NewTree(leavesOf(content(512*piecehash.BlockLen)), 0)
	dst := make([][32]byte, 0, 600)
	r := piecehash.Request{Length: 256, Proofs: 8}
	b.SetBytes(257 * 32)
	b.ReportAllocs()
	for b.Loop() {
		tree.Answer(dst, r)
	}
}
