package main

import (
	"errors"
	"io"
	"os"
	"syscall"
)

// A brokenPipeWriter calls onBroken when a write fails because the reader of the
// pipe is gone.
type brokenPipeWriter struct {
	io.Writer
	onBroken func()
}

// watchPipe returns w, and calls onBroken when nobody reads w any more.
func watchPipe(w io.Writer, onBroken func()) io.Writer { return brokenPipeWriter{w, onBroken} }

func (b brokenPipeWriter) Write(p []byte) (int, error) {
	n, err := b.Writer.Write(p)
	if errors.Is(err, syscall.EPIPE) {
		b.onBroken()
	}
	return n, err
}

// asFile returns the file that an output is, if it is one.
func asFile(w io.Writer) (*os.File, bool) {
	if b, ok := w.(brokenPipeWriter); ok {
		w = b.Writer
	}
	f, ok := w.(*os.File)
	return f, ok
}
