package peerwire

import (
	"fmt"
	"io"
)

// maxIdleBuffer is the size in bytes of the largest buffer that an idle Writer keeps.
const maxIdleBuffer = 64 << 10

// A Writer writes messages to a stream. It may not be used by several goroutines
// at once.
type Writer struct {
	w   io.Writer
	buf []byte
	err error
}

// NewWriter returns a Writer that writes to w.
func NewWriter(w io.Writer) *Writer {
	return &Writer{w: w}
}

// Append puts a message behind those that Flush will write. It copies m.Data.
func (w *Writer) Append(m Message) {
	w.buf = m.AppendTo(w.buf)
}

// Buffered returns the number of bytes that Flush will write.
func (w *Writer) Buffered() int {
	return len(w.buf)
}

// Flush writes what was appended with one call of the stream's Write. After an
// error it is not known how much of that arrived: every later call returns the
// same error.
func (w *Writer) Flush() error {
	if w.err == nil && len(w.buf) > 0 {
		if _, err := w.w.Write(w.buf); err != nil {
			w.err = fmt.Errorf("peerwire: writing: %w", err)
		}
	}
	w.buf = w.buf[:0]
	if cap(w.buf) > maxIdleBuffer {
		w.buf = nil
	}
	return w.err
}

// Write writes what was appended and then ms, all with one call of the stream's
// Write.
func (w *Writer) Write(ms ...Message) error {
	for _, m := range ms {
		w.Append(m)
	}
	return w.Flush()
}
