package metainfo_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/shoal-bt/shoal/metainfo"
	"github.com/shoal-bt/shoal/piecehash"
	"github.com/stretchr/testify/require"
)

// largest writes a hybrid of as many pieces as there may be, and returns its path.
func largest(t testing.TB) string {
	t.Helper()
	const pieces = 2_097_152
	hashes := make([][32]byte, pieces)
	for n := range hashes {
		binary.BigEndian.PutUint32(hashes[n][:], uint32(n))
	}
	root := piecehash.Root(hashes, piecehash.PieceLayer(16<<10))
	path := filepath.Join(t.TempDir(), "large.torrent")
	f, err := os.Create(path)
	require.NoError(t, err)
	length := int64(pieces) * 16 << 10
	fmt.Fprintf(f, "d4:infod9:file treed1:xd0:d6:lengthi%de11:pieces root32:%seee6:lengthi%de12:meta versioni2e4:name1:x"+
		"12:piece lengthi16384e6:pieces%d:", length, root[:], length, 20*pieces)
	for range 20 {
		f.Write(bytes.Repeat([]byte{'h'}, pieces))
	}
	fmt.Fprintf(f, "e12:piece layersd32:%s%d:", root[:], 32*pieces)
	for len(hashes) > 0 {
		f.Write(bytes.Join([][]byte{hashes[0][:], hashes[1][:], hashes[2][:], hashes[3][:]}, nil))
		hashes = hashes[4:]
	}
	f.WriteString("ee")
	require.NoError(t, f.Close())
	return path
}

// A large torrent is legitimate. Reading it takes little more memory than it has bytes.
func TestLargeTorrent(t *testing.T) {
	path := largest(t)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	tor, err := metainfo.ReadFile(path)
	runtime.ReadMemStats(&after)
	require.NoError(t, err)
	require.Equal(t, 2_097_152, tor.Info.Pieces())
	require.Empty(t, tor.Info.MissingLayers())
	require.Empty(t, tor.Warnings)
	if race {
		return
	}
	require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(200<<20))
	b, err := tor.Bytes()
	runtime.ReadMemStats(&before)
	require.NoError(t, err)
	require.Less(t, before.TotalAlloc-after.TotalAlloc, uint64(200<<20))
	stored, err := os.ReadFile(path)
	require.NoError(t, err)
	require.True(t, bytes.Equal(stored, b))
}

func BenchmarkReadLargest(b *testing.B) {
	path := largest(b)
	for b.Loop() {
		_, err := metainfo.ReadFile(path)
		require.NoError(b, err)
	}
}

// Each kind of URL is bounded in number, because every one of them takes memory several
// times its length.
func TestManyURLs(t *testing.T) {
	var urls, nodes list
	for n := range 10_500 {
		urls = append(urls, fmt.Sprint("http://", n))
		nodes = append(nodes, list{fmt.Sprint(n), 1})
	}
	tor := parseTorrent(t, "announce-list", list{urls, urls, list{"http://last"}}, "url-list", urls, "httpseeds", urls, "nodes", nodes)
	require.Len(t, tor.Tiers, 1)
	for _, list := range [][]string{tor.Tiers[0], tor.WebSeeds, tor.HTTPSeeds, tor.Nodes} {
		require.Len(t, list, 10_000)
	}
	require.Len(t, tor.Warnings, 4)
	require.Equal(t, metainfo.Warning{"url-list", "there are more than 10000; the others are left out", 500}, tor.Warnings[1])
}
