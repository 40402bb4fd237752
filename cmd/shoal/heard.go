package main

import (
	"errors"
	"io"
	"os"
	"syscall"
)

// A listener is an output, and what to do when whoever read it is gone.
type listener struct {
	io.Writer
	gone func()
}

// heard has gone called when nobody reads w any more.
func heard(w io.Writer, gone func()) io.Writer { return listener{w, gone} }

func (l listener) Write(p []byte) (int, error) {
	n, err := l.Writer.Write(p)
	if errors.Is(err, syscall.EPIPE) {
		l.gone()
	}
	return n, err
}

// file returns the file that an output is, if it is one.
func file(w io.Writer) (*os.File, bool) {
	if l, ok := w.(listener); ok {
		w = l.Writer
	}
	f, ok := w.(*os.File)
	return f, ok
}
