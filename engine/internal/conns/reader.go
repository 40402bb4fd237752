package conns

import (
	"errors"
	"os"
	"sync"
	"time"

	"github.com/shoal-bt/shoal/peerwire"
	"github.com/shoal-bt/shoal/protocol"
)

const (
	smallBuffer = 2 << 10   // bytes, of a connection that is idle
	largeBuffer = 256 << 10 // of one that sends
	maxBatch    = 2000      // messages in a batch: many fit into a read if they are short
	fewMessages = 64        // in a batch of a connection that is idle
	memoryIdle  = 3 * time.Second
	maxExtended = 64 << 10 // bytes of an extension message, and of one of unknown kind
)

// largeBuffers are shared by the connections that are busy.
var largeBuffers = sync.Pool{New: func() any { return new([largeBuffer]byte) }}

// reader turns bytes into batches of messages.
type reader struct {
	conn    *Conn
	decoder *peerwire.Decoder
	buf     []byte // all of it
	from    int    // buf[from:to] is not decoded yet
	to      int
	pooled  *[largeBuffer]byte // the memory of buf, if it is large

	vectors   vectorReader // the socket; nil if it cannot read into several slices
	scattered *scatter     // what is read into instead of buf; nil for buf

	// Memory that a peer needed once is given back when it needed none for memoryIdle,
	// also if it sends a little from time to time.
	long     bool      // a batch may have memory for more than fewMessages
	needed   bool      // the last read needed the memory
	deadline time.Time // when the memory is given back; zero if there is none
}

// read runs until the connection ends.
func (c *Conn) read() {
	defer c.finish()
	r := &reader{conn: c, buf: make([]byte, smallBuffer), vectors: newVectorReader(c.socket)}
	r.decoder = peerwire.NewDecoder(peerwire.Limits{
		Geometry: c.owner.Store().Geometry, Fast: c.fast, MaxExtended: maxExtended, MaxUnknown: maxExtended,
	})
	c.err = r.run()
	c.Close()
	r.releaseBuffers()
}

func (r *reader) run() error {
	err := r.replay()
	if err != nil {
		return err
	}
	for {
		n, err := r.fill()
		if n > 0 {
			err := r.took(n)
			if err != nil {
				return err
			}
		}
		isDue := errors.Is(err, os.ErrDeadlineExceeded) && !r.deadline.IsZero()
		if err != nil && !isDue {
			return err
		}
		err = r.updateDeadline(isDue)
		if err != nil {
			return err
		}
	}
}

// replay decodes what came before the connection joined.
func (r *reader) replay() error {
	c := r.conn
	for len(c.replay) > 0 {
		n := copy(r.buf[r.to:], c.replay)
		c.replay = c.replay[n:]
		r.to += n
		c.tally.DownAll.Add(int64(n))
		err := r.takeBuffer()
		if err != nil {
			return err
		}
	}
	c.replay = nil
	return nil
}

// fill reads once.
func (r *reader) fill() (n int, err error) {
	if r.scattered != nil {
		return r.scattered.read(r.vectors)
	}
	n, err = r.conn.socket.Read(r.buf[r.to:])
	r.to += n
	return n, err
}

// took posts what came with the n bytes of a read, and decides what the next one fills.
func (r *reader) took(n int) error {
	r.conn.tally.DownAll.Add(int64(n))
	r.needed = n > smallBuffer
	if r.scattered != nil {
		err := r.takeBlocks()
		if err != nil || r.scattered != nil {
			return err
		}
	}
	err := r.takeBuffer()
	if err == nil {
		r.beginScatter()
	}
	return err
}

// takeBuffer posts the messages in the buffer, and enlarges it if it was full.
func (r *reader) takeBuffer() error {
	full := r.to == len(r.buf)
	err := r.decode()
	if err != nil {
		return err
	}
	if full && r.pooled == nil && len(r.buf) < largeBuffer {
		r.enlarge()
		r.needed = true
	}
	return nil
}

// updateDeadline gives memory back that was not needed for a while, and otherwise makes
// sure that this is looked at again, also if nothing comes.
func (r *reader) updateDeadline(isDue bool) error {
	holdsMemory := r.long || r.scattered != nil || len(r.buf) > smallBuffer
	if !holdsMemory {
		return nil
	}
	now := time.Now()
	switch {
	case isDue:
		r.shrink()
		r.deadline = time.Time{}
		if !r.long && len(r.buf) <= smallBuffer {
			return r.conn.socket.SetReadDeadline(r.deadline)
		}
	case !r.deadline.IsZero() && (!r.needed || r.deadline.Sub(now) > memoryIdle/2):
		return nil
	}
	r.deadline = now.Add(memoryIdle)
	return r.conn.socket.SetReadDeadline(r.deadline)
}

func (r *reader) enlarge() {
	r.pooled = largeBuffers.Get().(*[largeBuffer]byte)
	r.to = copy(r.pooled[:], r.buf[r.from:r.to])
	r.from = 0
	r.buf = r.pooled[:]
}

// shrink gives back the buffer, if what is left in it takes less, and the memory of the
// batches that the turn does not have.
func (r *reader) shrink() {
	if r.scattered != nil {
		r.endScatter()
	}
	left := r.buf[r.from:r.to]
	size := smallBuffer
	if len(left) >= smallBuffer {
		size = len(left) + smallBuffer
	}
	if size < len(r.buf) {
		buf := make([]byte, size)
		r.from, r.to = 0, copy(buf, left)
		r.buf = buf
		r.releasePooled()
	}
	r.long = false
	for range batches {
		select {
		case b := <-r.conn.returned:
			if cap(b.Messages) > fewMessages {
				b.Messages = nil
			}
			defer r.conn.Return(b)
		default:
			r.long = true // the turn has it
		}
	}
}

// releaseBuffers gives back what is shared.
func (r *reader) releaseBuffers() {
	if r.scattered != nil {
		r.endScatter()
	}
	r.releasePooled()
}

func (r *reader) releasePooled() {
	if r.pooled != nil {
		largeBuffers.Put(r.pooled)
		r.pooled = nil
	}
}

// decode posts the complete messages and makes room for the rest.
func (r *reader) decode() error {
	var b *protocol.Received
	need := 0
	var err error
	for {
		var m peerwire.Message
		var n int
		m, n, need, err = r.decoder.Decode(r.buf[r.from:r.to])
		if n == 0 || err != nil {
			break
		}
		r.from += n
		if m.Kind == peerwire.Unknown {
			r.conn.tally.Unknown.Add(1)
			m.Data = nil // the State only counts them
		}
		if b == nil {
			b = r.batch()
			if b == nil {
				return protocol.ErrClosed
			}
		}
		b.Messages = append(b.Messages, r.own(m))
		if len(b.Messages) > fewMessages {
			r.long, r.needed = true, true
		}
		if len(b.Messages) == maxBatch {
			r.conn.owner.Post(b)
			b = nil
		}
	}
	if b != nil {
		r.conn.owner.Post(b)
	}
	if err != nil {
		return err
	}
	r.makeRoom(need)
	return nil
}

// batch waits until the turn is done with the batch before the last. It returns nil when
// the connection is closed.
func (r *reader) batch() *protocol.Received {
	select {
	case b := <-r.conn.returned:
		return b
	case <-r.conn.closed:
		return nil
	}
}

// own copies what a message borrows from the buffer. A block that was requested goes
// into a block buffer, of which the memory was set aside; the bytes of others are left
// out.
func (r *reader) own(m peerwire.Message) peerwire.Message {
	switch {
	case m.Kind == peerwire.Piece:
		if !r.conn.tally.Admit(len(m.Data)) {
			m.Data = nil
			return m
		}
		p := r.conn.sockets.Memory.Blocks.Buffer()
		m.Data = p[:copy(p, m.Data)]
	case m.Data != nil:
		m.Data = append([]byte(nil), m.Data...)
	}
	return m
}

// makeRoom moves what is left to the front. The buffer grows with the bytes of a long
// message that came, not with the length that was announced.
func (r *reader) makeRoom(need int) {
	left := r.buf[r.from:r.to]
	if len(r.buf) > largeBuffer && len(left) <= smallBuffer { // the long message is complete
		r.buf = make([]byte, smallBuffer)
	}
	if need > len(r.buf) && len(left) > len(r.buf)/2 {
		bigger := make([]byte, min(need, 2*len(r.buf)))
		r.to = copy(bigger, left)
		r.from = 0
		r.releasePooled()
		r.buf = bigger
		return
	}
	r.to = copy(r.buf, left)
	r.from = 0
}
