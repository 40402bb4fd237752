package piecehash_test

import (
	"crypto/sha1"
	"crypto/sha256"
	"encoding/hex"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/shoal-bt/shoal/piecehash"
	"github.com/stretchr/testify/require"
)

// content returns the first n of the bytes that the vectors here were made from.
func content(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(i*7 + i/251)
	}
	return b
}

// batch returns pieces of many lengths, cut into blocks of many lengths.
func batch() (pieces [][][]byte, whole [][]byte) {
	r := rand.New(rand.NewPCG(1, 2))
	for i := range 40 {
		b := content(r.IntN(5000 * (i%4 + 1)))
		whole = append(whole, b)
		var blocks [][]byte
		for len(b) > 0 {
			n := min(len(b), 1+r.IntN(2000))
			blocks, b = append(blocks, b[:n]), b[n:]
		}
		pieces = append(pieces, blocks)
	}
	pieces = append(pieces, nil, [][]byte{{}}, [][]byte{[]byte("a"), nil, []byte("bc")})
	return pieces, append(whole, nil, nil, []byte("abc"))
}

func TestSumsEqualThoseOfTheStandardLibrary(t *testing.T) {
	pieces, whole := batch()
	one := make([][20]byte, len(pieces))
	two := make([][32]byte, len(pieces))
	piecehash.Sum1(one, pieces)
	piecehash.Sum256(two, pieces)
	for i, b := range whole {
		require.Equal(t, sha1.Sum(b), one[i], "piece %d", i)
		require.Equal(t, sha256.Sum256(b), two[i], "piece %d", i)
	}
}

func TestSum1SectionsReadsEachPieceInRuns(t *testing.T) {
	pieces, whole := batch()
	// An empty run ends a piece, so none may come before the last.
	for i := range pieces {
		pieces[i] = slices.DeleteFunc(pieces[i], func(b []byte) bool { return len(b) == 0 })
	}
	next := func(i int) []byte {
		if len(pieces[i]) == 0 {
			return nil
		}
		b := pieces[i][0]
		pieces[i] = pieces[i][1:]
		return b
	}
	got := make([]piecehash.Section1, len(pieces))
	piecehash.Sum1Sections(got, next)
	for i, b := range whole {
		require.Equal(t, sha1.Sum(b), got[i].Sum, "piece %d", i)
	}
}

func TestVectorsOfFIPS180(t *testing.T) {
	one, two := make([][20]byte, 1), make([][32]byte, 1)
	abc := [][][]byte{{[]byte("ab"), []byte("c")}}
	piecehash.Sum1(one, abc)
	piecehash.Sum256(two, abc)
	require.Equal(t, "a9993e364706816aba3e25717850c26c9cd0d89d", hex.EncodeToString(one[0][:]))
	require.Equal(t, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", hex.EncodeToString(two[0][:]))
}

func TestLeaves(t *testing.T) {
	_, whole := batch()
	got := make([][32]byte, len(whole))
	piecehash.Leaves(got, whole)
	for i, b := range whole {
		require.Equal(t, sha256.Sum256(b), got[i])
	}
}

func TestShortDestinationPanics(t *testing.T) {
	require.Panics(t, func() { piecehash.Sum1(nil, make([][][]byte, 1)) })
	require.Panics(t, func() { piecehash.Sum256(nil, make([][][]byte, 1)) })
	require.Panics(t, func() { piecehash.Leaves(nil, make([][]byte, 1)) })
}

func TestSumsDoNotAllocate(t *testing.T) {
	if race {
		t.Skip("the race detector allocates")
	}
	pieces, whole := batch()
	one, two := make([][20]byte, len(pieces)), make([][32]byte, len(pieces))
	require.Zero(t, testing.AllocsPerRun(20, func() {
		piecehash.Sum1(one, pieces)
		piecehash.Sum256(two, pieces)
		piecehash.Leaves(two, whole)
	}))
}

func sixteen() (pieces [][][]byte, bytes int64) {
	b := content(1 << 20)
	var blocks [][]byte
	for len(b) > 0 {
		blocks, b = append(blocks, b[:piecehash.BlockLen]), b[piecehash.BlockLen:]
	}
	for range 16 {
		pieces = append(pieces, blocks)
	}
	return pieces, 16 << 20
}

func BenchmarkSum1(b *testing.B) {
	pieces, n := sixteen()
	dst := make([][20]byte, len(pieces))
	b.SetBytes(n)
	b.ReportAllocs()
	for b.Loop() {
		piecehash.Sum1(dst, pieces)
	}
}

func BenchmarkSum256(b *testing.B) {
	pieces, n := sixteen()
	dst := make([][32]byte, len(pieces))
	b.SetBytes(n)
	b.ReportAllocs()
	for b.Loop() {
		piecehash.Sum256(dst, pieces)
	}
}

func BenchmarkLeaves(b *testing.B) {
	pieces, _ := sixteen()
	dst := make([][32]byte, len(pieces[0]))
	b.SetBytes(1 << 20)
	b.ReportAllocs()
	for b.Loop() {
		piecehash.Leaves(dst, pieces[0])
	}
}
