package peerwire

import (
	"errors"
	"fmt"
	"io"
	"sync/atomic"
)

const (
	// smallBuffer is the size in bytes of the buffer of a new Reader. It holds any
	// message but blocks, long bitfields and long messages of extensions.
	smallBuffer = 4 << 10

	// blockBuffer is the size in bytes of a buffer that holds a block of the usual
	// length.
	blockBuffer = 32 << 10

	// shrinkAfter is the number of reads in a row that would have fit in firstBuffer
	// after which a larger buffer is given up.
	shrinkAfter = 8
)

// A Reader reads messages from a stream. It may not be used by several goroutines
// at once.
//
// Its buffer grows with the bytes of the longest message that arrived, up to what
// the limits allow, and becomes small again when only small messages come.
type Reader struct {
	r          io.Reader
	decoder    atomic.Pointer[Decoder]
	buf        []byte
	start      int // of what was read and not yet returned
	end        int
	smallReads int // reads in a row that a small buffer would have held
	unknown    int64
	readErr    error // that r gave with its last bytes
	finalErr   error // that ended the stream for good
}

// NewReader returns a Reader of the messages in r, which must begin where a message
// does. It reads ahead: r is not to be read by anyone else.
func NewReader(r io.Reader, l Limits) *Reader {
	reader := &Reader{r: r}
	reader.SetLimits(l)
	return reader
}

// SetLimits replaces the limits, as when the geometry of a torrent becomes known.
// They hold for what is decoded from now on. Unlike the other methods it may be
// called at any time, from any goroutine.
func (r *Reader) SetLimits(l Limits) {
	r.decoder.Store(NewDecoder(l))
}

// Unknown returns the number of messages of unknown kind that Next has skipped.
func (r *Reader) Unknown() int64 {
	return r.unknown
}

// Buffered returns the bytes that were read from the stream and belong to no
// message that Next has returned. They are valid until the next call of Next.
func (r *Reader) Buffered() []byte {
	return r.buf[r.start:r.end]
}

// Next returns the next message, keep-alives included. It skips and counts messages
// of unknown kind. Data of the message points into the Reader's buffer: it is valid
// until the next call.
//
// The error is io.EOF if the stream ends between messages, matches
// io.ErrUnexpectedEOF if it ends within one, and is a *ProtocolError if the peer
// broke the protocol; every later call returns these errors again. Errors of the
// stream itself are wrapped, and Next may be called again after a timeout.
func (r *Reader) Next() (Message, error) {
	for {
		m, err := r.NextAny()
		if err != nil || m.Kind != Unknown {
			return m, err
		}
	}
}

// NextAny is Next, except that it also returns messages of unknown kind, for callers
// to which any message is a sign of life.
func (r *Reader) NextAny() (Message, error) {
	for r.finalErr == nil {
		m, n, need, err := r.decoder.Load().Decode(r.buf[r.start:r.end])
		switch {
		case err != nil:
			r.finalErr = err
		case n == 0:
			// A long message gets room as it comes, not as it says it will.
			most := max(blockBuffer, 2*(r.end-r.start))
			if err := r.fill(max(smallBuffer, min(need, most))); err != nil {
				return Message{}, err
			}
		default:
			r.start += n
			if m.Kind == Unknown {
				r.unknown++
			}
			return m, nil
		}
	}
	return Message{}, r.finalErr
}

// fill reads once, into a buffer of at least size bytes. It returns an error only
// if nothing was read.
func (r *Reader) fill(size int) error {
	if r.readErr == nil {
		r.makeRoom(size)
		n, err := r.r.Read(r.buf[r.end:])
		if r.end += n; r.end > smallBuffer {
			r.smallReads = 0
		} else {
			r.smallReads++
		}
		r.readErr = err
		if n > 0 || err == nil {
			return nil
		}
	}
	err := r.readErr
	r.readErr = nil
	if !errors.Is(err, io.EOF) {
		return fmt.Errorf("peerwire: reading: %w", err)
	}
	r.finalErr = io.EOF
	if r.start < r.end {
		r.finalErr = fmt.Errorf("peerwire: %w", io.ErrUnexpectedEOF)
	}
	return r.finalErr
}

// makeRoom makes the buffer at least size bytes long, with what is left in it at its
// start.
func (r *Reader) makeRoom(size int) {
	left := r.buf[r.start:r.end]
	switch {
	case len(r.buf) < size:
		capacity := smallBuffer
		for capacity < size {
			capacity *= 2
		}
		buf := make([]byte, capacity)
		copy(buf, left)
		r.buf = buf
	case len(r.buf) > smallBuffer && len(left) == 0 && r.smallReads >= shrinkAfter:
		r.buf = make([]byte, smallBuffer)
	default:
		copy(r.buf, left)
	}
	r.start, r.end = 0, len(left)
}
