package peerwire

import (
	"errors"
	"fmt"
	"io"
	"sync/atomic"
)

const (
	// smallBuffer is the size in bytes of a Reader's first buffer. It holds every
	// message except blocks, long bitfields and long messages of extensions.
	smallBuffer = 4 << 10

	// blockBuffer is the size in bytes of a buffer for a block of 16 KiB.
	blockBuffer = 32 << 10

	// shrinkAfter is how many reads in a row must have fit in smallBuffer before a
	// larger buffer is replaced by a small one.
	shrinkAfter = 8
)

// A Reader reads messages from a stream. Only one goroutine at a time may use it,
// except for SetLimits.
//
// Its buffer grows with the bytes that have arrived, not with the length that a message
// announces, and shrinks again when only small messages come.
type Reader struct {
	r          io.Reader
	decoder    atomic.Pointer[Decoder]
	buf        []byte
	start      int // buf[start:end] was read and not returned yet
	end        int
	smallReads int   // reads in a row that fit in smallBuffer
	unknown    int64 // messages of unknown kind
	readErr    error // that r returned together with its last bytes
	finalErr   error // every later call returns it
}

// NewReader returns a Reader for the stream r, which must begin with a message. It
// reads ahead, so nothing else may read from r.
func NewReader(r io.Reader, l Limits) *Reader {
	reader := &Reader{r: r}
	reader.SetLimits(l)
	return reader
}

// SetLimits replaces the limits, for example when the geometry of the torrent becomes
// known. They apply to messages that are decoded from now on. Any goroutine may call
// SetLimits at any time.
func (r *Reader) SetLimits(l Limits) {
	r.decoder.Store(NewDecoder(l))
}

// Unknown returns how many messages of unknown kind were read.
func (r *Reader) Unknown() int64 {
	return r.unknown
}

// Buffered returns the bytes that were read from the stream and are not part of a
// message returned by Next. They are valid until the next call of Next or NextAny.
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
// that must know whether the peer still sends messages.
func (r *Reader) NextAny() (Message, error) {
	for r.finalErr == nil {
		m, n, need, err := r.decoder.Load().Decode(r.buf[r.start:r.end])
		switch {
		case err != nil:
			r.finalErr = err
		case n == 0:
			// The buffer grows with what has arrived, because a peer can
			// announce any length.
			maxSize := max(blockBuffer, 2*(r.end-r.start))
			err := r.fill(max(smallBuffer, min(need, maxSize)))
			if err != nil {
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

// fill reads once, into a buffer of at least size bytes. It returns an error only if
// nothing was read.
func (r *Reader) fill(size int) error {
	if r.readErr == nil {
		r.makeRoom(size)
		n, err := r.r.Read(r.buf[r.end:])
		r.end += n
		if r.end > smallBuffer {
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

// makeRoom makes the buffer at least size bytes long, and moves the unread bytes to its
// start.
func (r *Reader) makeRoom(size int) {
	unread := r.buf[r.start:r.end]
	switch {
	case len(r.buf) < size:
		capacity := smallBuffer
		for capacity < size {
			capacity *= 2
		}
		buf := make([]byte, capacity)
		copy(buf, unread)
		r.buf = buf
	case len(r.buf) > smallBuffer && len(unread) == 0 && r.smallReads >= shrinkAfter:
		r.buf = make([]byte, smallBuffer)
	default:
		copy(r.buf, unread)
	}
	r.start, r.end = 0, len(unread)
}
