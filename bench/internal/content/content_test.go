package content

import (
	"context"
	"crypto/sha1"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/shoal-bt/shoal/metainfo"
)

func TestRandomIsTheSameAgain(t *testing.T) {
	dir := t.TempDir()
	a, b := filepath.Join(dir, "a"), filepath.Join(dir, "b")
	require.NoError(t, Random(t.Context(), a, 3<<20+5))
	require.NoError(t, Random(t.Context(), b, 3<<20+5))
	x, err := os.ReadFile(a)
	require.NoError(t, err)
	y, err := os.ReadFile(b)
	require.NoError(t, err)
	require.Equal(t, sha1.Sum(x), sha1.Sum(y))
	require.Len(t, x, 3<<20+5)

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, Random(ctx, a, 1), context.Canceled)
}

func TestHashes(t *testing.T) {
	name := filepath.Join(t.TempDir(), "content")
	require.NoError(t, Random(t.Context(), name, 20<<20))
	b, err := os.ReadFile(name)
	require.NoError(t, err)
	for _, pieceLength := range []int64{256 << 10, 1 << 20, 20 << 20} {
		got, err := Hashes(t.Context(), name, 20<<20, pieceLength)
		require.NoError(t, err)
		require.Len(t, got, int(20<<20/pieceLength))
		for i, h := range got {
			require.Equal(t, sha1.Sum(b[int64(i)*pieceLength:][:pieceLength]), h)
		}
	}
	_, err = Hashes(t.Context(), name, 40<<20, 1<<20)
	require.Error(t, err)
}

func TestTorrentOfManyFiles(t *testing.T) {
	name := filepath.Join(t.TempDir(), "x.torrent")
	i := Info{Name: "content.bin", Length: 32 << 20, PieceLength: 1 << 20, Hashes: make([][20]byte, 32), Files: 500, Announce: "http://127.0.0.1:1/announce"}
	require.NoError(t, i.Write(name))
	tor, err := metainfo.ReadFile(name)
	require.NoError(t, err)
	require.Len(t, tor.Info.Entries, 500)
	require.Equal(t, int64(32<<20), tor.Info.Length)
	require.Equal(t, [][]string{{i.Announce}}, tor.Tiers)
	require.Error(t, Info{Name: "x", Length: 5, PieceLength: 1 << 20}.Write(name), "no hashes")
}

func TestSharesAreUnequalAndWhole(t *testing.T) {
	for _, n := range []int{1, 2, 3, 500} {
		parts := shares(32<<20, n)
		require.Len(t, parts, n)
		sum := int64(0)
		for _, p := range parts {
			require.Positive(t, p)
			sum += p
		}
		require.Equal(t, int64(32<<20), sum)
		if n > 2 {
			require.Len(t, slices.Compact(slices.Clone(parts)), n, "neighbours differ")
		}
	}
}

func TestMany(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, Many(filepath.Join(dir, "torrents"), filepath.Join(dir, "data"), 3, "http://127.0.0.1:1/announce"))
	names, err := filepath.Glob(filepath.Join(dir, "torrents", "*"))
	require.NoError(t, err)
	ids := map[[20]byte]bool{}
	for _, n := range names {
		tor, err := metainfo.ReadFile(n)
		require.NoError(t, err)
		require.Equal(t, ManyPieces, tor.Info.Pieces())
		info, err := os.Stat(filepath.Join(dir, "data", tor.Info.Name))
		require.NoError(t, err)
		require.Equal(t, tor.Info.Length, info.Size())
		ids[tor.Info.HashV1] = true
	}
	require.Len(t, ids, 3)
}
