package metainfo_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/shoal-bt/shoal/metainfo/builder"
	"github.com/shoal-bt/shoal/metainfo/internal/sample"
	"github.com/shoal-bt/shoal/swarm"
)

// BenchmarkVerifyStored checks batches of pieces that are read from a file.
func BenchmarkVerifyStored(b *testing.B) {
	data := sample.Bytes(128<<20, 3)
	name := filepath.Join(b.TempDir(), "data")
	if err := os.WriteFile(name, data, 0o600); err != nil {
		b.Fatal(err)
	}
	f, err := os.Open(name)
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	for _, format := range sample.Formats {
		for _, pieceLength := range []int64{64 << 10, 256 << 10, 1 << 20, 4 << 20, 8 << 20} {
			b.Run(fmt.Sprintf("%v/%d KiB", format, pieceLength>>10), func(b *testing.B) {
				tor, err := builder.Options{Format: format, PieceLength: pieceLength}.Bytes(b.Context(), "x", data)
				if err != nil {
					b.Fatal(err)
				}
				batch := make([]swarm.Verdict, 16)
				b.SetBytes(16 * pieceLength)
				b.ReportAllocs()
				first := 0
				for b.Loop() {
					for n := range batch {
						batch[n] = swarm.Verdict{Piece: first + n, Stored: f}
					}
					tor.Info.Verify(batch)
					for _, v := range batch {
						if !v.OK {
							b.Fatal(v.Err)
						}
					}
					if first += 16; int64(first+16)*pieceLength > int64(len(data)) {
						first = 0
					}
				}
			})
		}
	}
}
