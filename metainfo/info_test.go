package metainfo_test

import (
	"testing"

	"github.com/shoal-bt/shoal/metainfo"
	"github.com/shoal-bt/shoal/piecehash"
	"github.com/shoal-bt/shoal/swarm"
	"github.com/stretchr/testify/require"
)

func TestGeometryAndFilesAgree(t *testing.T) {
	each(t, func(t *testing.T, i *metainfo.Info, all []byte) {
		g := i.Geometry()
		require.EqualValues(t, len(all), g.Length)
		require.Equal(t, i.Pieces(), g.Pieces())
		require.Equal(t, !i.HasV1(), g.Short)
		var off, content int64
		files := i.Files()
		require.Len(t, files, len(i.Entries))
		for n, f := range files {
			require.Equal(t, off, f.Offset)
			require.Equal(t, i.Entries[n].Path, f.Path)
			off += f.Length
			if !f.Pad {
				content += f.Length
			}
		}
		require.Equal(t, g.Length, off)
		require.Equal(t, content, i.ContentLength())
		for n := 1; n < len(g.Pads); n++ {
			require.Greater(t, g.Pads[n].Offset, g.Pads[n-1].End())
		}

		// FilesOf and Pieces agree.
		type pair struct{ piece, entry int }
		seen := make(map[pair]bool)
		for p := range i.Pieces() {
			at := int64(p) * i.PieceLength
			for entry, span := range i.FilesOf(p) {
				f := i.Entries[entry]
				require.Equal(t, at, f.Offset+span.Offset)
				require.Positive(t, span.Length)
				require.LessOrEqual(t, span.End(), f.Length)
				at += span.Length
				seen[pair{p, entry}] = true
			}
			require.Equal(t, min(int64(p+1)*i.PieceLength, i.Length), at)
		}
		total := 0
		for entry, f := range i.Entries {
			first, end := f.Pieces()
			for p := first; p < end; p++ {
				require.True(t, seen[pair{p, entry}])
			}
			total += end - first
		}
		require.Len(t, seen, total)
	})
}

func TestFilesOfNoPiece(t *testing.T) {
	i := parse(t, minimal())
	for _, p := range []int{-1, 2, 1 << 30} {
		for range i.FilesOf(p) {
			t.Fatal("a piece that does not exist has files")
		}
	}
	for entry, span := range i.FilesOf(1) {
		require.Equal(t, 0, entry)
		require.Equal(t, swarm.Span{Offset: 16384, Length: 20_000 - 16384}, span)
	}
}

func TestTouchingPadsAreMerged(t *testing.T) {
	i := parse(t, folder(list{"a"}).with("files", list{
		dict{"length": 5, "path": list{"a"}},
		dict{"length": 7, "attr": "p"},
		dict{"length": 0, "attr": "p"},
		dict{"length": 8, "path": list{"_____padding_file_0_if you see this"}},
		dict{"length": 1, "path": list{"b"}},
	}))
	require.Equal(t, []swarm.Span{{Offset: 5, Length: 15}}, i.Geometry().Pads)
	require.EqualValues(t, 6, i.ContentLength())
	require.Equal(t, "x/.pad/7", i.Entries[1].Path)
}

func TestV2FilesStartAtPieces(t *testing.T) {
	i := parse(t, v2(dict{"a": leaf(5), "b": dict{"": dict{"length": 0}}, "c": leaf(16384), "d": leaf(3), "e": dict{"": dict{"length": 0}}}))
	got := i.Files()
	require.Equal(t, []swarm.File{
		{Path: "x/a", Length: 5},
		{Path: "x/.pad/16379", Offset: 5, Length: 16379, Pad: true},
		{Path: "x/b", Offset: 16384},
		{Path: "x/c", Offset: 16384, Length: 16384},
		{Path: "x/d", Offset: 32768, Length: 3},
		{Path: "x/e", Offset: 32771},
	}, got)
	g := i.Geometry()
	require.Equal(t, 3, g.Pieces())
	require.Equal(t, 5, g.PieceLen(0))
	require.Equal(t, 3, g.PieceLen(2))
	require.False(t, i.Single)
	require.True(t, parse(t, v2(dict{"x": leaf(5)})).Single)
	require.False(t, parse(t, v2(dict{"y": leaf(5)})).Single)
}

// Two files of one root have one piece layer, so they must have one length.
func TestRootsAndLengthsAgree(t *testing.T) {
	hashes := [][32]byte{{1}, {2}, {3}}
	root := piecehash.Root(hashes, piecehash.PieceLayer(16384))
	file := func(length int64) dict { return dict{"": dict{"length": length, "pieces root": string(root[:])}} }
	refuse(t, v2(dict{"a": file(4 * 16384), "b": file(3 * 16384)}), `files "a" and "b" have one pieces root and different lengths`)
	i := parse(t, v2(dict{"a": file(3 * 16384), "b": file(3 * 16384), "c": file(7)}))
	require.NoError(t, i.SetPieceLayer(root, hashes))
	for p := range i.Pieces() {
		v := []swarm.Verdict{{Piece: p, Stored: zeroReader{}}}
		i.Verify(v)
		require.False(t, v[0].OK)
		require.NoError(t, v[0].Err)
	}
}
