package piecehash_test

import (
	"crypto/sha256"
	"encoding/hex"
	"testing"

	"github.com/shoal-bt/shoal/piecehash"
	"github.com/stretchr/testify/require"
)

// leavesOf cuts b into blocks and hashes each.
func leavesOf(b []byte) [][32]byte {
	var out [][32]byte
	for len(b) > 0 {
		n := min(len(b), piecehash.BlockLen)
		out = append(out, sha256.Sum256(b[:n]))
		b = b[n:]
	}
	return out
}

// naive returns every layer of the tree above leaves, with all padding: row 0 is
// 1<<height wide.
func naive(leaves [][32]byte, height int) [][][32]byte {
	row := make([][32]byte, 1<<height)
	copy(row, leaves)
	rows := [][][32]byte{row}
	for len(row) > 1 {
		up := make([][32]byte, len(row)/2)
		for i := range up {
			up[i] = sha256.Sum256(append(append([]byte(nil), row[2*i][:]...), row[2*i+1][:]...))
		}
		rows = append(rows, up)
		row = up
	}
	return rows
}

func TestPadsAreRootsOfZeroLeaves(t *testing.T) {
	for layer, row := range naive(nil, 8) {
		require.Equal(t, row[0], piecehash.Pad(layer))
	}
}

func TestHeightsAndCounts(t *testing.T) {
	for _, test := range []struct {
		length int64
		leaves int64
		height int
	}{
		{1, 1, 0}, {piecehash.BlockLen, 1, 0}, {piecehash.BlockLen + 1, 2, 1},
		{5 * piecehash.BlockLen, 5, 3}, {8 * piecehash.BlockLen, 8, 3}, {8*piecehash.BlockLen + 1, 9, 4},
		{1<<63 - 1, 1 << 49, piecehash.MaxLayer},
	} {
		require.Equal(t, test.leaves, piecehash.LeavesOf(test.length))
		require.Equal(t, test.height, piecehash.Height(test.leaves, 0))
	}
	require.Equal(t, int64(0), piecehash.LeavesOf(0))
	require.Equal(t, 0, piecehash.PieceLayer(piecehash.BlockLen))
	require.Equal(t, 6, piecehash.PieceLayer(1<<20))
	require.Equal(t, 5, piecehash.Height(5, 2))
}

func TestRootsAndPieceLayersEqualNaiveOnes(t *testing.T) {
	b := content(40 * piecehash.BlockLen)
	for n := 1; n <= 40; n++ {
		leaves := leavesOf(b)[:n]
		height := piecehash.Height(int64(n), 0)
		want := naive(leaves, height)
		require.Equal(t, want[height][0], piecehash.Root(leaves, 0), "%d leaves", n)
		for layer := range height {
			width := 1 << layer
			var pieces [][32]byte
			for i := 0; i < n; i += width {
				pieces = append(pieces, piecehash.Subtree(leaves[i:min(n, i+width)], 0, layer))
			}
			require.Equal(t, want[layer][:len(pieces)], pieces, "%d leaves, layer %d", n, layer)
			require.Equal(t, want[height][0], piecehash.Root(pieces, layer), "%d leaves, layer %d", n, layer)
		}
	}
}

func TestEmpty(t *testing.T) {
	require.Equal(t, [32]byte{}, piecehash.Root(nil, 0))
	require.Equal(t, piecehash.Pad(3), piecehash.Subtree(nil, 0, 3))
}

// The roots and layers were made by libtorrent 2.0.8 from the same bytes.
func TestVectorsOfLibtorrent(t *testing.T) {
	for _, test := range []struct {
		length      int
		pieceLength int64
		root        string
		layer       string // SHA-256 of the piece layer, if the file has one
	}{
		{1, 16384, "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d", ""},
		{16384, 16384, "15345b8bcf83c9acd70121ebacc0aae2b90b2995b90a5143382a4f29fd125083", ""},
		{16385, 16384, "4f06ab5d81301a6be8740291d8491edb35843daecf491a50c4d22d92eaf9acbc", "4f06ab5d81301a6be8740291d8491edb35843daecf491a50c4d22d92eaf9acbc"},
		{100000, 16384, "26ce98d1c2ad96891be47b6d01b8a5a8d5a91866997522ee3a57ae0ba846bba9", "b0405866a46070c40be07bd3d9a6a48aa0b1cc38034e7561171329eca617d62c"},
		{100000, 32768, "26ce98d1c2ad96891be47b6d01b8a5a8d5a91866997522ee3a57ae0ba846bba9", "8f068740449c2039e5ffd3cc9698c7d033d783b074cb52d38876ff0d223370c9"},
		{100000, 262144, "26ce98d1c2ad96891be47b6d01b8a5a8d5a91866997522ee3a57ae0ba846bba9", ""},
		{1000003, 65536, "1f3f9d457da801e38b461f6d480b33873496d39b5af50220c73f9acc4c34b4aa", "30f9250352a76938db3a28a7eb58c60603ef300638b6a3cff0e93db4e024ac74"},
	} {
		leaves := leavesOf(content(test.length))
		root := piecehash.Root(leaves, 0)
		require.Equal(t, test.root, hex.EncodeToString(root[:]))
		if test.layer == "" {
			continue
		}
		layer := piecehash.NewTree(leaves, 0).Layer(piecehash.PieceLayer(test.pieceLength))
		h := sha256.New()
		for _, x := range layer {
			h.Write(x[:])
		}
		require.Equal(t, test.layer, hex.EncodeToString(h.Sum(nil)))
	}
}

func TestRootsDoNotAllocate(t *testing.T) {
	if race {
		t.Skip("the race detector allocates")
	}
	leaves := leavesOf(content(64 * piecehash.BlockLen))
	require.Zero(t, testing.AllocsPerRun(20, func() {
		piecehash.Root(leaves, 0)
		piecehash.Subtree(leaves[:5], 0, 6)
	}))
}

func BenchmarkRoot(b *testing.B) {
	leaves := leavesOf(content(64 * piecehash.BlockLen))
	b.SetBytes(64 * 32)
	b.ReportAllocs()
	for b.Loop() {
		piecehash.Root(leaves, 0)
	}
}
