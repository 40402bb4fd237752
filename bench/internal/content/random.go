package content

import (
	"context"
	"io"
	"math/rand/v2"
	"os"
)

// Random makes a file of size random bytes. The same size always makes the same.
func Random(ctx context.Context, path string, size int64) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer f.Close()
	stream := rand.NewChaCha8([32]byte{'s', 'h', 'o', 'a', 'l'})
	buf := make([]byte, 1<<20)
	for left := size; left > 0 && ctx.Err() == nil; {
		b := buf[:min(left, int64(len(buf)))]
		io.ReadFull(stream, b)
		if _, err := f.Write(b); err != nil {
			return err
		}
		left -= int64(len(b))
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	return f.Close()
}
