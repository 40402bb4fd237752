package metainfo_test

import (
	"bytes"
	"errors"
	"io"
	"testing"
	"testing/synctest"

	"github.com/shoal-bt/shoal/metainfo"
	"github.com/shoal-bt/shoal/swarm"
	"github.com/stretchr/testify/require"
)

var errBroken = errors.New("the disk is broken")

// A broken storage fails one read.
type broken struct {
	io.ReaderAt
	read, fails int
}

func (b *broken) ReadAt(p []byte, off int64) (int, error) {
	if b.read++; b.read == b.fails {
		return len(p) / 3, errBroken
	}
	return b.ReaderAt.ReadAt(p, off)
}

// Whichever read fails, one piece has the error, the others are right, and nothing
// goes on reading when Verify returns: the bubble would not end.
func TestReadingAheadEndsWithErrors(t *testing.T) {
	data := content(5<<20+777, 5)
	for _, format := range formats {
		for _, pieceLength := range []int64{128 << 10, 2 << 20} {
			synctest.Test(t, func(t *testing.T) {
				tor, err := metainfo.Builder{Format: format, PieceLength: pieceLength}.Bytes(t.Context(), "x", data)
				require.NoError(t, err)
				for fails := 1; ; fails++ {
					d := &broken{ReaderAt: bytes.NewReader(data), fails: fails}
					batch := make([]swarm.Verdict, tor.Info.Pieces())
					for n := range batch {
						batch[n] = swarm.Verdict{Piece: n, Stored: d}
					}
					tor.Info.Verify(batch)
					wrong := 0
					for _, v := range batch {
						if !v.OK {
							wrong++
							require.ErrorIs(t, v.Err, errBroken)
						}
					}
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
