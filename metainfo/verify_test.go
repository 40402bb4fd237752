package metainfo_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"sync"
	"testing"

	"github.com/shoal-bt/shoal/metainfo"
	"github.com/shoal-bt/shoal/metainfo/builder"
	"github.com/shoal-bt/shoal/metainfo/internal/sample"
	"github.com/shoal-bt/shoal/piecehash"
	"github.com/shoal-bt/shoal/swarm"
	"github.com/stretchr/testify/require"
)

func each(t *testing.T, run func(t *testing.T, i *metainfo.Info, all []byte)) {
	for _, format := range sample.Formats {
		for _, length := range []int64{16 << 10, 32 << 10, 256 << 10, 1 << 20} {
			t.Run(fmt.Sprintf("%v/%d", format, length), func(t *testing.T) {
				tor := build(t, builder.Options{Format: format, PieceLength: length}, sample.Folder())
				run(t, tor.Info, sample.Flat(tor.Info, sample.Folder()))
			})
		}
	}
}

func TestVerifyBlocksInMemory(t *testing.T) {
	each(t, func(t *testing.T, i *metainfo.Info, all []byte) {
		batch := sample.InMemory(i, all)
		i.Verify(batch)
		for _, v := range batch {
			require.True(t, v.OK, "piece %d", v.Piece)
			require.NoError(t, v.Err)
			require.Empty(t, v.Bad)
		}
		// One wrong byte anywhere makes that piece wrong, and no other piece.
		g := i.Geometry()
		for p := range batch {
			for n, b := range batch[p].Blocks {
				if b == nil {
					continue
				}
				for _, at := range []int{0, len(b) - 1} {
					b[at] ^= 1
					i.Verify(batch)
					b[at] ^= 1
					for q, v := range batch {
						require.Equal(t, q != p, v.OK, "piece %d block %d", q, n)
						require.NoError(t, v.Err)
						if q == p && i.HasV2() && g.BlockCount(p) == 1 {
							require.Equal(t, []int{0}, v.Bad)
						}
					}
				}
			}
		}
	})
}

func TestVerifyFromStorage(t *testing.T) {
	each(t, func(t *testing.T, i *metainfo.Info, all []byte) {
		batch := make([]swarm.Verdict, i.Pieces())
		for p := range batch {
			batch[p] = swarm.Verdict{Piece: p, Stored: reader(all)}
		}
		i.Verify(batch)
		for _, v := range batch {
			require.True(t, v.OK, "piece %d: %v", v.Piece, v.Err)
		}
		// Every second block is in memory, the others are stored. What is stored
		// for the blocks in memory is wrong.
		stored := bytes.Clone(all)
		batch = sample.InMemory(i, all)
		g := i.Geometry()
		for p := range batch {
			batch[p].Stored = reader(stored)
			for n := range batch[p].Blocks {
				if n%2 == 1 {
					batch[p].Blocks[n] = nil
				} else if b := g.Block(p, n); batch[p].Blocks[n] != nil {
					stored[g.Offset(b)] ^= 1
				}
			}
		}
		i.Verify(batch)
		for _, v := range batch {
			require.True(t, v.OK, "piece %d: %v", v.Piece, v.Err)
		}
	})
}

// A block that is all pad is zeros, even if the storage has other bytes.
func TestVerifyReadsNoPads(t *testing.T) {
	tor := build(t, builder.Options{Format: metainfo.Hybrid, PieceLength: 256 << 10}, sample.Folder())
	all := sample.Flat(tor.Info, sample.Folder())
	g := tor.Info.Geometry()
	for p := range g.Pieces() {
		for n := range g.BlockCount(p) {
			if b := g.Block(p, n); g.IsPad(b) {
				all[g.Offset(b)] = 1
			}
		}
	}
	batch := make([]swarm.Verdict, g.Pieces())
	for p := range batch {
		batch[p] = swarm.Verdict{Piece: p, Stored: reader(all)}
	}
	tor.Info.Verify(batch)
	for _, v := range batch {
		require.True(t, v.OK)
	}
}

// A failing storage returns an error.
type failing struct{ err error }

func (f failing) ReadAt([]byte, int64) (int, error) { return 0, f.err }

func TestVerifyStorageErrors(t *testing.T) {
	i := build(t, builder.Options{Format: metainfo.Hybrid, PieceLength: 32 << 10}, sample.Folder()).Info
	broken := errors.New("broken")
	batch := []swarm.Verdict{
		{Piece: 1, Stored: failing{broken}},
		{Piece: 2, Stored: failing{&fs.PathError{Op: "open", Path: "p", Err: fs.ErrNotExist}}},
		{Piece: 3, Stored: failing{io.EOF}},
		{Piece: 4},
		{Piece: -1},
		{Piece: i.Pieces()},
		{Piece: 1, Blocks: make([][]byte, 1)},
		{Piece: 1, Blocks: [][]byte{make([]byte, 16384), make([]byte, 16383)}},
		{Piece: 1, Blocks: [][]byte{make([]byte, 16384), {}}},
	}
	i.Verify(batch)
	require.ErrorIs(t, batch[0].Err, broken)
	require.ErrorContains(t, batch[0].Err, "metainfo: piece 1: ")
	require.NoError(t, batch[1].Err, "a missing file makes the piece wrong, but is not an error")
	require.ErrorIs(t, batch[2].Err, io.ErrUnexpectedEOF)
	for _, v := range batch[3:] {
		require.Error(t, v.Err)
	}
	for _, v := range batch {
		require.False(t, v.OK)
	}
}

func TestVerifyNamesBadBlocksOnceLeavesAreKnown(t *testing.T) {
	for _, format := range []metainfo.Format{metainfo.V2, metainfo.Hybrid} {
		tor := build(t, builder.Options{Format: format, PieceLength: 128 << 10}, sample.Folder())
		i, all := tor.Info, sample.Flat(tor.Info, sample.Folder())
		batch := sample.InMemory(i, all)
		for p := range batch {
			blocks := batch[p].Blocks
			var leaves [][32]byte
			for entry, span := range i.FilesOf(p) {
				if i.Entries[entry].Pad {
					continue
				}
				data := all[i.Entries[entry].Offset+span.Offset:][:span.Length]
				for len(data) > 0 {
					one := make([][32]byte, 1)
					piecehash.Leaves(one, [][]byte{data[:min(len(data), 16<<10)]})
					leaves, data = append(leaves, one[0]), data[min(len(data), 16<<10):]
				}
			}
			if len(leaves) < 3 {
				continue
			}
			blocks[0][5]++
			blocks[len(leaves)-1][0]++
			i.Verify(batch)
			require.False(t, batch[p].OK)
			require.Empty(t, batch[p].Bad)

			require.Error(t, i.SetLeaves(p, leaves[1:]))
			wrong := append([][32]byte{{1}}, leaves[1:]...)
			require.ErrorContains(t, i.SetLeaves(p, wrong), "do not lead")
			require.NoError(t, i.SetLeaves(p, leaves))
			i.Verify(batch)
			require.False(t, batch[p].OK)
			require.Equal(t, []int{0, len(leaves) - 1}, batch[p].Bad)

			require.NoError(t, i.SetLeaves(p, nil))
			i.Verify(batch)
			require.Empty(t, batch[p].Bad)
			blocks[0][5]--
			blocks[len(leaves)-1][0]--
		}
		require.Error(t, i.SetLeaves(-1, nil))
		require.Error(t, i.SetLeaves(i.Pieces(), nil))
	}
}

func TestVerifyWithoutPieceLayers(t *testing.T) {
	for _, format := range sample.Formats[1:] {
		full := build(t, builder.Options{Format: format, PieceLength: 32 << 10}, sample.Folder())
		all := sample.Flat(full.Info, sample.Folder())
		i, err := metainfo.ParseInfo(full.Info.Raw)
		require.NoError(t, err)
		missing := i.MissingLayers()
		require.Len(t, missing, 3, "two files are the same")
		require.Empty(t, full.Info.MissingLayers())

		batch := sample.InMemory(i, all)
		i.Verify(batch)
		for _, v := range batch {
			if format == metainfo.Hybrid {
				require.True(t, v.OK, "v1 decides")
				continue
			}
			f := i.Entries[0]
			for entry := range i.FilesOf(v.Piece) {
				f = i.Entries[entry]
				break
			}
			require.Equal(t, f.Length <= 32<<10, v.OK)
			if !v.OK {
				require.ErrorContains(t, v.Err, "piece layer is not known")
			}
		}
		for _, root := range missing {
			layer, ok := full.Info.PieceLayer(root)
			require.True(t, ok)
			require.ErrorContains(t, i.SetPieceLayer(root, layer[1:]), "hashes for")
			require.ErrorContains(t, i.SetPieceLayer(root, append([][32]byte{{}}, layer[1:]...)), "do not lead")
			require.NoError(t, i.SetPieceLayer(root, layer))
		}
		require.Error(t, i.SetPieceLayer([32]byte{1}, nil))
		require.Empty(t, i.MissingLayers())
		i.Verify(batch)
		for _, v := range batch {
			require.True(t, v.OK)
		}
	}
}

func TestVerifyReportsThatV1AndV2Contradict(t *testing.T) {
	tor := build(t, builder.Options{Format: metainfo.Hybrid, PieceLength: 32 << 10}, sample.Folder())
	all := sample.Flat(tor.Info, sample.Folder())
	b, err := tor.Bytes()
	require.NoError(t, err)
	hash, _ := tor.Info.PieceHash(2)
	other, err := metainfo.Parse(bytes.Replace(b, hash[:], bytes.Repeat([]byte("x"), 20), 1))
	require.NoError(t, err)
	batch := sample.InMemory(other.Info, all)
	other.Info.Verify(batch)
	for _, v := range batch {
		require.Equal(t, v.Piece != 2, v.OK)
		if v.Piece == 2 {
			require.ErrorContains(t, v.Err, "contradict")
		}
	}
	batch[2].Blocks[0][0]++
	other.Info.Verify(batch[2:3])
	require.False(t, batch[2].OK)
	require.NoError(t, batch[2].Err, "wrong bytes prove nothing about the torrent")
}

// A peer that sends a pad with other bytes than zero must not be able to stop a hybrid
// torrent.
func TestVerifyBytesInAPad(t *testing.T) {
	tor := build(t, builder.Options{Format: metainfo.Hybrid, PieceLength: 64 << 10}, sample.Folder())
	i := tor.Info
	batch := sample.InMemory(i, sample.Flat(tor.Info, sample.Folder()))
	found := false
	for _, f := range i.Entries {
		if !f.Pad || f.Offset%(16<<10) == 0 {
			continue
		}
		found = true
		p := int(f.Offset / i.PieceLength)
		block := int(f.Offset % i.PieceLength / (16 << 10))
		b := batch[p].Blocks[block]
		b[len(b)-1] = 1
		i.Verify(batch[p : p+1])
		require.False(t, batch[p].OK)
		require.NoError(t, batch[p].Err)
		require.Equal(t, []int{block}, batch[p].Bad)
		b[len(b)-1] = 0
	}
	require.True(t, found)
}

func TestVerifyFromManyGoroutines(t *testing.T) {
	for _, format := range sample.Formats {
		tor := build(t, builder.Options{Format: format, PieceLength: 16 << 10}, sample.Folder())
		all := sample.Flat(tor.Info, sample.Folder())
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				for range 3 {
					batch := sample.InMemory(tor.Info, all)
					tor.Info.Verify(batch)
					for _, v := range batch {
						if !v.OK {
							t.Errorf("%v: piece %d is wrong", format, v.Piece)
						}
					}
				}
			})
		}
		wg.Go(func() {
			for p := range tor.Info.Pieces() {
				_ = tor.Info.SetLeaves(p, nil)
			}
		})
		wg.Wait()
	}
}

func TestVerifyOldTorrentsWithOddPieceLengths(t *testing.T) {
	// v1 has no rule for the length of a piece.
	all := sample.Bytes(1000, 1)
	var pieces strings.Builder
	for off := 0; off < len(all); off += 333 {
		sum := make([][20]byte, 1)
		piecehash.Sum1(sum, [][][]byte{{all[off:min(off+333, 1000)]}})
		pieces.Write(sum[0][:])
	}
	i := parse(t, dict{"length": 1000, "name": "x", "piece length": 333, "pieces": pieces.String()})
	batch := sample.InMemory(i, all)
	require.Len(t, batch, 4)
	i.Verify(batch)
	for _, v := range batch {
		require.True(t, v.OK)
	}
}

func TestVerifyDoesNotAllocate(t *testing.T) {
	if race {
		t.Skip("the race detector allocates")
	}
	for _, format := range sample.Formats {
		tor := build(t, builder.Options{Format: format, PieceLength: 64 << 10}, sample.Folder())
		all := sample.Flat(tor.Info, sample.Folder())
		batch := sample.InMemory(tor.Info, all)
		require.Zero(t, testing.AllocsPerRun(20, func() { tor.Info.Verify(batch) }), "%v", format)
		for n := range batch {
			batch[n].Blocks, batch[n].Stored = nil, reader(all)
		}
		// Reading ahead allocates a request and a channel for each piece.
		most := float64(4 * len(batch))
		require.LessOrEqual(t, testing.AllocsPerRun(20, func() { tor.Info.Verify(batch) }), most, "%v, stored", format)
	}
}

func BenchmarkVerify(b *testing.B) {
	files := sample.Folder()
	files["big"] = files["b.bin"]
	files["big"].Data = sample.Bytes(16<<20, 9)
	for _, format := range sample.Formats {
		b.Run(format.String(), func(b *testing.B) {
			tor := build(b, builder.Options{Format: format, PieceLength: 1 << 20}, files)
			batch := sample.InMemory(tor.Info, sample.Flat(tor.Info, files))
			b.SetBytes(tor.Info.Length)
			b.ReportAllocs()
			for b.Loop() {
				tor.Info.Verify(batch)
			}
		})
	}
}
