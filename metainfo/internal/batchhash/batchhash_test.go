package batchhash

import (
	"bytes"
	"crypto/sha1"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/shoal-bt/shoal/swarm"
	"github.com/stretchr/testify/require"
)

// versions are the parts that a torrent may have.
var versions = []struct {
	name   string
	v1, v2 bool
}{{"v1", true, false}, {"v2", false, true}, {"hybrid", true, true}}

// random returns n bytes that depend on nothing but n.
func random(n int) []byte {
	b := make([]byte, n)
	r := rand.New(rand.NewPCG(1, uint64(n)))
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return b
}

// stored returns verdicts of all pieces, to be read from a storage.
func stored(g swarm.Geometry, from io.ReaderAt) []swarm.Verdict {
	batch := make([]swarm.Verdict, g.Pieces())
	for n := range batch {
		batch[n] = swarm.Verdict{Piece: n, Stored: from}
	}
	return batch
}

// requireHashes checks the hashes of piece n of data.
func requireHashes(t *testing.T, h *Hasher, g swarm.Geometry, n int, data []byte) {
	t.Helper()
	r := h.Result(n)
	require.NoError(t, r.Err)
	require.Nil(t, r.State)
	b := data[int64(n)*g.PieceLength:][:g.PieceLen(n)]
	if h.v1 {
		require.Equal(t, sha1.Sum(b), r.Sum, "piece %d", n)
	}
	if !h.v2 {
		return
	}
	var leaves [][32]byte
	for block := range slices.Chunk(b, swarm.BlockLen) {
		leaves = append(leaves, sha256.Sum256(block))
	}
	require.Equal(t, leaves, r.Leaves, "piece %d", n)
}

// A disk records what is read from it. Each read takes the latency.
type disk struct {
	*bytes.Reader
	latency time.Duration
	offsets []int64
	lengths []int
}

func (d *disk) ReadAt(b []byte, off int64) (int, error) {
	time.Sleep(d.latency)
	d.offsets, d.lengths = append(d.offsets, off), append(d.lengths, len(b))
	return d.Reader.ReadAt(b, off)
}

// hashStored hashes all pieces of data in one batch, reading them from a disk, for
// every version.
func hashStored(t *testing.T, pieceLength int64, data []byte, latency time.Duration, check func(t *testing.T, d *disk)) {
	for _, version := range versions {
		t.Run(fmt.Sprintf("%s/%d", version.name, pieceLength), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := &disk{Reader: bytes.NewReader(data), latency: latency}
				g := swarm.Geometry{Length: int64(len(data)), PieceLength: pieceLength, Short: !version.v1}
				h := Get()
				defer h.Release()
				h.Hash(g, version.v1, version.v2, stored(g, d))
				for n := range g.Pieces() {
					requireHashes(t, h, g, n, data)
				}
				check(t, d)
			})
		})
	}
}

func TestLongPiecesOnASlowStorageAreReadInOrder(t *testing.T) {
	hashStored(t, 2<<20, random(4<<20+12345), 10*time.Millisecond, func(t *testing.T, d *disk) {
		require.True(t, slices.IsSorted(d.offsets), "%d", d.offsets)
		require.Equal(t, 1<<20, slices.Max(d.lengths))
	})
}

func TestLongPiecesOnAFastStorageAreReadInShortRuns(t *testing.T) {
	hashStored(t, 1<<20, random(4<<20+12345), 0, func(t *testing.T, d *disk) {
		require.Equal(t, 1<<20, d.lengths[0], "the first run measures the storage")
		require.Equal(t, 256<<10, slices.Max(d.lengths[1:]))
	})
}

func TestPiecesThatFitIntoARunAreReadInOrder(t *testing.T) {
	data := random(2<<20 + 12345)
	for pieceLength, latency := range map[int64]time.Duration{
		16 << 10:  0,
		256 << 10: 0,
		512 << 10: 10 * time.Millisecond,
		1 << 20:   10 * time.Millisecond,
	} {
		hashStored(t, pieceLength, data, latency, func(t *testing.T, d *disk) {
			require.True(t, slices.IsSorted(d.offsets), "%d", d.offsets)
			require.Len(t, d.offsets, int((int64(len(data))+pieceLength-1)/pieceLength))
		})
	}
}

var errBroken = errors.New("the disk is broken")

// A broken storage fails one read.
type broken struct {
	io.ReaderAt
	read, fails int
}

func (b *broken) ReadAt(p []byte, off int64) (int, error) {
	b.read++
	if b.read == b.fails {
		return len(p) / 3, errBroken
	}
	return b.ReaderAt.ReadAt(p, off)
}

// Whichever read fails, one piece has the error and the others are right. No
// goroutine reads after Hash has returned: the bubble would not end.
func TestReadingAheadEndsWithErrors(t *testing.T) {
	data := random(5<<20 + 777)
	for _, version := range versions {
		for _, pieceLength := range []int64{128 << 10, 2 << 20} {
			synctest.Test(t, func(t *testing.T) {
				g := swarm.Geometry{Length: int64(len(data)), PieceLength: pieceLength, Short: !version.v1}
				for fails := 1; ; fails++ {
					d := &broken{ReaderAt: bytes.NewReader(data), fails: fails}
					h := Get()
					h.Hash(g, version.v1, version.v2, stored(g, d))
					wrong := 0
					for n := range g.Pieces() {
						if err := h.Result(n).Err; err != nil {
							require.ErrorIs(t, err, errBroken)
							wrong++
							continue
						}
						requireHashes(t, h, g, n, data)
					}
					h.Release()
					if d.read < fails {
						require.Zero(t, wrong)
						break
					}
					require.Equal(t, 1, wrong, "read %d fails", fails)
				}
			})
		}
	}
}

func TestCoveredEndsAtThePad(t *testing.T) {
	g := swarm.Geometry{
		Length:      100_000,
		PieceLength: 32 << 10,
		Pads:        []swarm.Span{{Offset: 10, Length: 32<<10 - 10}, {Offset: 90_000, Length: 8304}, {Offset: 98_304 + 1000, Length: 696}},
	}
	for piece, want := range []int{10, 32 << 10, 90_000 - 64<<10, 1000} {
		require.Equal(t, want, Covered(g, piece), "piece %d", piece)
	}
}
