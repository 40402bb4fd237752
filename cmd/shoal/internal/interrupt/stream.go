package interrupt

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"sync"
	"syscall"
	"time"
)

// writeGrace is how long a write may take after the program was told to end.
const writeGrace = time.Second

// A Stream is standard output or standard error. It remembers the first write that
// failed, stops the program if nobody reads what it writes, and gives a write up that
// blocks when the program is to end. Its methods may be called from many goroutines.
type Stream struct {
	io.Writer
	ctx  context.Context // done when the program is to end
	stop func()          // makes it end

	mu    sync.Mutex
	stuck bool  // a write was given up, and is still under way
	err   error // of the first write that failed
}

// NewStream returns a Stream to w. ctx is done when the program is to end, and stop makes
// it end.
func NewStream(ctx context.Context, w io.Writer, stop func()) *Stream {
	return &Stream{Writer: w, ctx: ctx, stop: stop}
}

// Write writes p. It does not keep p.
func (s *Stream) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	n, err := 0, context.Canceled
	if !s.stuck {
		n, err = s.write(bytes.Clone(p))
	}
	if errors.Is(err, syscall.EPIPE) {
		s.stop()
	}
	if s.err == nil {
		s.err = err
	}
	return n, err
}

// write writes p, which it keeps if the write is given up.
func (s *Stream) write(p []byte) (int, error) {
	type result struct {
		n   int
		err error
	}
	done := make(chan result, 1)
	go func() {
		n, err := s.Writer.Write(p)
		done <- result{n, err}
	}()
	select {
	case r := <-done:
		return r.n, r.err
	case <-s.ctx.Done():
	}
	select {
	case r := <-done:
		return r.n, r.err
	case <-time.After(writeGrace):
		s.stuck = true
		return 0, s.ctx.Err()
	}
}

// Failure returns the error of the first write that failed, which is context.Canceled for
// a write that was given up. It is nil if the reader closed its end, because it has what it
// wanted.
func (s *Stream) Failure() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if errors.Is(s.err, syscall.EPIPE) {
		return nil
	}
	return s.err
}

// File returns the file that a writer is, if it is one.
func File(w io.Writer) (*os.File, bool) {
	if s, ok := w.(*Stream); ok {
		w = s.Writer
	}
	f, ok := w.(*os.File)
	return f, ok
}
