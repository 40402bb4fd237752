// Package sample makes the sample content of the demo, and compares folders with it.
package sample

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
)

// A File is a file of the demo's sample.
type File struct {
	Path   string // relative, slash-separated
	Length int64  // in bytes
}

// Files lays out a sample of size bytes in all: a large file, some of middle
// size, many small ones whose pieces are shared with their neighbours, and an empty
// one.
func Files(size int64) (all []File) {
	left := size
	add := func(path string, length int64) {
		length = max(min(length, left), 0)
		left -= length
		all = append(all, File{path, length})
	}
	add("readme.txt", 1000)
	add("empty.txt", 0)
	for i := range 100 {
		// From next to nothing to twice the average, at odd lengths.
		add(fmt.Sprintf("photos/%d/%03d.jpg", 2020+i/25, i+1), size/2000*int64(i+1)/50+int64(i%7))
	}
	for i := range 12 {
		add(fmt.Sprintf("album/%02d.flac", i+1), size/40+int64(i*10007)%(size/400+1))
	}
	add("film.mkv", left)
	return all
}

// Write writes the sample into a new folder dir. The bytes are random, and the
// same for the same seed. It calls progress with bytes done.
func Write(ctx context.Context, dir string, files []File, seed byte, progress func(done int64)) error {
	source := rand.NewChaCha8([32]byte{seed})
	buf := make([]byte, 1<<20)
	var done int64
	for _, f := range files {
		path := filepath.Join(dir, filepath.FromSlash(f.Path))
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			return err
		}
		w, err := os.Create(path)
		if err != nil {
			return err
		}
		for left := f.Length; left > 0 && err == nil; {
			if err = ctx.Err(); err != nil {
				break
			}
			b := buf[:min(left, int64(len(buf)))]
			source.Read(b)
			_, err = w.Write(b)
			left -= int64(len(b))
			done += int64(len(b))
			progress(done)
		}
		if closed := w.Close(); err == nil {
			err = closed
		}
		if err != nil {
			return err
		}
	}
	return nil
}
