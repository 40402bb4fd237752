package peerwire

import (
	"fmt"
	"io"
)

// maxIdleBuffer is the size in bytes of the largest buffer that a Writer keeps after
// Flush.
const maxIdleBuffer = 64 << 10

// A Writer writes messages to a stream. Only one goroutine at a time may use it.
type Writer struct {
	w   io.Writer
	buf []byte
	err error
}

// NewWriter returns a Writer that writes to w.
func NewWriter(w io.Writer) *Writer {
	return &Writer{w: w}
}

// Append adds a message to those that Flush will write. It copies m.Data.
func (w *Writer) Append(m Message) {
	w.buf = m.AppendTo(w.buf)
}

// Buffered returns how many bytes Flush will write.
func (w *Writer) Buffered() int {
	return len(w.buf)
}

// Flush writes the appended messages with one call of the stream's Write. After an
// error every later call returns the same error, because it is not known how much was
// written.
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

// Write writes the appended messages and then ms, all with one call of the stream's
// Write. Its errors are those of Flush.
func (w *Writer) Write(ms ...Message) error {
	for _, m := range ms {
		w.Append(m)
	}
	return w.Flush()
}
