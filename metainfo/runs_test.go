package metainfo_test

import (
	"bytes"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/shoal-bt/shoal/metainfo"
	"github.com/shoal-bt/shoal/swarm"
	"github.com/stretchr/testify/require"
)

// A disk notes what is read of it, and takes its time for that.
type disk struct {
	*bytes.Reader
	latency time.Duration // of each read
	offsets []int64
	lengths []int
}

func (d *disk) ReadAt(b []byte, off int64) (int, error) {
	time.Sleep(d.latency)
	d.offsets, d.lengths = append(d.offsets, off), append(d.lengths, len(b))
	return d.Reader.ReadAt(b, off)
}

// verifyStored checks all pieces of data in one batch, read from a disk.
func verifyStored(t *testing.T, format metainfo.Format, pieceLength int64, data []byte, latency time.Duration) *disk {
	t.Helper()
	d := &disk{Reader: bytes.NewReader(data), latency: latency}
	tor, err := metainfo.Builder{Format: format, PieceLength: pieceLength}.Bytes(t.Context(), "x", data)
	require.NoError(t, err)
	batch := make([]swarm.Verdict, tor.Info.Pieces())
	for n := range batch {
		batch[n] = swarm.Verdict{Piece: n, Stored: d}
	}
	tor.Info.Verify(batch)
	for n, v := range batch {
		require.NoError(t, v.Err)
		require.True(t, v.OK, "piece %d", n)
	}
	return d
}

func TestLongPiecesOnASlowStorageAreReadInOrder(t *testing.T) {
	data := content(4<<20+12345, 4)
	for _, format := range formats {
		synctest.Test(t, func(t *testing.T) {
			d := verifyStored(t, format, 2<<20, data, 10*time.Millisecond)
			require.True(t, slices.IsSorted(d.offsets), "%v: %d", format, d.offsets)
			require.Equal(t, 1<<20, slices.Max(d.lengths))
		})
	}
}

func TestLongPiecesOnAFastStorageAreReadInShortRuns(t *testing.T) {
	data := content(4<<20+12345, 4)
	for _, format := range formats {
		synctest.Test(t, func(t *testing.T) {
			d := verifyStored(t, format, 1<<20, data, 0)
			require.Equal(t, 1<<20, d.lengths[0], "the first run is the trial")
			require.Equal(t, 256<<10, slices.Max(d.lengths[1:]))
		})
	}
}

func TestPiecesThatFitIntoARunAreReadInOrder(t *testing.T) {
	data := content(2<<20+12345, 4)
	for _, format := range formats {
		for pieceLength, latency := range map[int64]time.Duration{
			16 << 10:  0,
			256 << 10: 0,
			512 << 10: 10 * time.Millisecond,
			1 << 20:   10 * time.Millisecond,
		} {
			synctest.Test(t, func(t *testing.T) {
				d := verifyStored(t, format, pieceLength, data, latency)
				require.True(t, slices.IsSorted(d.offsets), "%v: %d", format, d.offsets)
				require.Len(t, d.offsets, int((int64(len(data))+pieceLength-1)/pieceLength))
			})
		}
	}
}
