package client

import (
	"io"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/shoal-bt/shoal/metainfo/builder"
)

// BenchmarkReader reads a complete torrent of 64 MiB in memory as an HTTP server does, 32 KiB at a
// time, and with ReadAt beside it.
func BenchmarkReader(b *testing.B) {
	const size = 64 << 20
	c, err := New(Config{State: Off, Listen: Off})
	require.NoError(b, err)
	defer c.Close()
	tor, err := c.Seed(b.Context(), make([]byte, size), SeedOptions{Build: builder.Options{Name: "zeros", PieceLength: 256 << 10}})
	require.NoError(b, err)
	files, err := tor.Files()
	require.NoError(b, err)
	p := make([]byte, 32<<10)
	b.Run("Read", func(b *testing.B) {
		b.SetBytes(size)
		for b.Loop() {
			r, err := files[0].NewReader(b.Context())
			require.NoError(b, err)
			n, err := io.CopyBuffer(struct{ io.Writer }{io.Discard}, struct{ io.Reader }{r}, p)
			require.NoError(b, err)
			require.EqualValues(b, size, n)
			require.NoError(b, r.Close())
		}
	})
	b.Run("ReadAt", func(b *testing.B) {
		b.SetBytes(size)
		for b.Loop() {
			for off := int64(0); off < size; off += int64(len(p)) {
				_, err := tor.ReadAt(p, off)
				require.NoError(b, err)
			}
		}
	})
}
