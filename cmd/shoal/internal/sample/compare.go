package sample

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// Compare compares every byte of two folders. A file that only one of them has is an
// error. It calls progress with the bytes compared, and returns the number of files and
// bytes.
func Compare(ctx context.Context, a, b string, progress func(done int64)) (files int, length int64, err error) {
	err = filepath.WalkDir(a, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		name, err := filepath.Rel(a, path)
		if err != nil {
			return err
		}
		n, err := compareFiles(ctx, path, filepath.Join(b, name), func(n int64) { progress(length + n) })
		files++
		length += n
		return err
	})
	if err != nil {
		return files, length, err
	}
	others := 0
	err = filepath.WalkDir(b, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			others++
		}
		return err
	})
	if err == nil && others != files {
		err = fmt.Errorf("there are %d files in %s and %d in %s", files, a, others, b)
	}
	return files, length, err
}

// compareFiles returns how many bytes it found equal, and an error if the files are
// not.
func compareFiles(ctx context.Context, a, b string, progress func(done int64)) (n int64, err error) {
	x, err := os.Open(a)
	if err != nil {
		return 0, err
	}
	defer x.Close()
	y, err := os.Open(b)
	if err != nil {
		return 0, err
	}
	defer y.Close()
	const chunk = 1 << 20
	p, q := make([]byte, chunk), make([]byte, chunk)
	for {
		if err := ctx.Err(); err != nil {
			return n, err
		}
		k, err := io.ReadFull(x, p)
		end := errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
		if err != nil && !end {
			return n, err
		}
		l, err := io.ReadFull(y, q)
		if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
			return n, err
		}
		if !bytes.Equal(p[:k], q[:l]) {
			return n, fmt.Errorf("%s differs from %s after byte %d", b, a, n)
		}
		n += int64(k)
		progress(n)
		if end {
			return n, nil
		}
	}
}
