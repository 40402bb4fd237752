package e2e

import (
	"encoding/hex"
	"slices"
	"testing"
	"time"

	"github.com/shoal-bt/shoal/metainfo"
	"github.com/shoal-bt/shoal/metainfo/builder"
	"github.com/stretchr/testify/require"
)

var formats = []metainfo.Format{metainfo.V1, metainfo.V2, metainfo.Hybrid}

// TestHashes has libtorrent read the torrents that we make: it must see the
// same swarms, files and trackers.
func TestHashes(t *testing.T) {
	lt := libtorrent{}
	need(t, lt)
	t.Parallel()
	for _, f := range formats {
		for _, s := range shapes {
			t.Run(f.String()+"/"+s.name, func(t *testing.T) {
				t.Parallel()
				tor, file := s.make(t, 3).torrent(t, builder.Options{
					Format: f, PieceLength: s.pieceLength, Private: true, Comment: "Grüße",
					CreationDate: time.Unix(1e9, 0), Source: "here",
					Tiers: [][]string{{"http://one.invalid/announce", "http://two.invalid/announce"}, {"http://three.invalid/announce"}},
				})
				requireSame(t, tor, lt.show(t, file))
			})
		}
	}
}

// requireSame compares what we made with what libtorrent read.
func requireSame(t *testing.T, tor *metainfo.Torrent, r reading) {
	t.Helper()
	i := tor.Info
	v1, v2 := "", ""
	if i.HasV1() {
		v1 = hex.EncodeToString(i.HashV1[:])
	}
	if i.HasV2() {
		v2 = hex.EncodeToString(i.HashV2[:])
	}
	require.Equal(t, v1, r.V1)
	require.Equal(t, v2, r.V2)
	require.Equal(t, i.Name, r.Name)
	require.Equal(t, i.PieceLength, r.PieceLength)
	require.EqualValues(t, i.Pieces(), r.Pieces)
	require.True(t, r.Private)
	tiers := make([][]string, len(tor.Tiers))
	for _, tracker := range r.Trackers {
		tier := int(tracker[1].(float64))
		tiers[tier] = append(tiers[tier], tracker[0].(string))
	}
	require.Len(t, tiers, len(tor.Tiers))
	for i := range tiers { // libtorrent shuffles each
		require.ElementsMatch(t, tor.Tiers[i], tiers[i])
	}
	files := r.Files
	for _, f := range i.Entries {
		if f.Pad {
			continue
		}
		for files[0].Pad {
			files = files[1:]
		}
		require.Equal(t, f.Path, files[0].Path)
		require.Equal(t, f.Length, files[0].Length, f.Path)
		if f.Length > 0 { // where no byte is, the place says nothing
			require.Equal(t, f.Offset, files[0].Offset, f.Path)
		}
		files = files[1:]
	}
	for _, f := range files {
		require.True(t, f.Pad, "%s is not in ours", f.Path)
	}
}

// endsInPad is a torrent whose second piece, if it is hybrid, has one byte and then pad.
var endsInPad = shape{"a byte before pad", 1 << 20, []int64{1<<20 + 1, 20000}}

// TestV2 moves torrents of version 2 alone, and hybrid ones, both ways. Of the
// clients only libtorrent knows them.
func TestV2(t *testing.T) {
	lt := libtorrent{}
	need(t, lt)
	t.Parallel()
	for _, f := range []metainfo.Format{metainfo.V2, metainfo.Hybrid} {
		for _, s := range slices.Concat(shapes, []shape{endsInPad}) {
			t.Run("download/"+f.String()+"/"+s.name, func(t *testing.T) {
				t.Parallel()
				download(t, lt, loopback(), s, f)
			})
			t.Run("upload/"+f.String()+"/"+s.name, func(t *testing.T) {
				t.Parallel()
				upload(t, lt, loopback(), s, f)
			})
		}
	}
}
