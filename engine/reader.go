package engine

import (
	"errors"
	"os"
	"sync"
	"time"

	"github.com/shoal-bt/shoal/peerwire"
	"github.com/shoal-bt/shoal/swarm"
)

const (
	smallBuffer = 2 << 10   // of a connection that is idle
	largeBuffer = 256 << 10 // of one that sends
	maxBatch    = 2000      // messages in a batch: many fit into a read if they are short
	bufferIdle  = 3 * time.Second
	maxExtended = 64 << 10 // bytes of an extension message, and of one that is unknown
)

// largeBuffers are kept for the connections that are busy.
var largeBuffers = sync.Pool{New: func() any { return new([largeBuffer]byte) }}

// reader turns bytes into batches of messages.
type reader struct {
	conn           *conn
	decoder        *peerwire.Decoder
	buf            []byte // all of it
	from           int    // buf[from:to] is not decoded yet
	to             int
	pooled         *[largeBuffer]byte // what buf lies in, if it is large
	bufferDeadline time.Time          // read deadline, while buf is large
}

// read runs until the connection ends.
func (c *conn) read() {
	defer c.through()
	r := &reader{conn: c, buf: make([]byte, smallBuffer)}
	r.decoder = peerwire.NewDecoder(peerwire.Limits{
		Geometry: c.torrent.geometry, Fast: c.fast, MaxExtended: maxExtended, MaxUnknown: maxExtended,
	})
	c.err = r.run()
	c.close()
	r.shrink()
}

func (r *reader) run() error {
	for {
		n, err := r.conn.socket.Read(r.buf[r.to:])
		r.to += n
		r.conn.tally.downAll.Add(int64(n))
		if n > 0 {
			full := r.to == len(r.buf)
			if err := r.decode(); err != nil {
				return err
			}
			if full && r.pooled == nil && len(r.buf) < largeBuffer {
				r.enlarge()
			}
		}
		switch {
		case err == nil:
		case errors.Is(err, os.ErrDeadlineExceeded) && r.pooled != nil:
			if r.from == r.to {
				r.shrink()
			}
			r.bufferDeadline = time.Time{}
		default:
			return err
		}
		if err := r.extendBufferDeadline(); err != nil {
			return err
		}
	}
}

// keepRest sees to it that a large buffer is given back when nothing comes.
func (r *reader) extendBufferDeadline() error {
	if r.pooled == nil {
		return nil
	}
	now := time.Now()
	if r.bufferDeadline.Sub(now) > bufferIdle/2 {
		return nil
	}
	r.bufferDeadline = now.Add(bufferIdle)
	return r.conn.socket.SetReadDeadline(r.bufferDeadline)
}

func (r *reader) enlarge() {
	r.pooled = largeBuffers.Get().(*[largeBuffer]byte)
	r.to = copy(r.pooled[:], r.buf[r.from:r.to])
	r.from = 0
	r.buf = r.pooled[:]
}

func (r *reader) shrink() {
	if r.pooled == nil {
		return
	}
	largeBuffers.Put(r.pooled)
	r.pooled, r.buf, r.from, r.to = nil, make([]byte, smallBuffer), 0, 0
	r.conn.socket.SetReadDeadline(time.Time{})
}

// decode posts the messages that are whole and makes room for the rest.
func (r *reader) decode() error {
	var b *batch
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
			r.conn.tally.unknown.Add(1)
			continue
		}
		if b == nil {
			if b = r.batch(); b == nil {
				return ErrClosed
			}
		}
		b.messages = append(b.messages, r.own(m))
		if len(b.messages) == maxBatch {
			r.conn.torrent.post(b)
			b = nil
		}
	}
	if b != nil {
		r.conn.torrent.post(b)
	}
	if err != nil {
		return err
	}
	r.makeRoom(need)
	return nil
}

// batch waits for the turn to be done with the batch before the last.
func (r *reader) batch() *batch {
	select {
	case b := <-r.conn.batches:
		b.messages = b.messages[:0]
		return b
	case <-r.conn.closed:
		return nil
	}
}

// own copies what a message borrows from the buffer. A block goes into a buffer
// that was set aside for it; without one its bytes are left out.
func (r *reader) own(m peerwire.Message) peerwire.Message {
	switch {
	case m.Kind == peerwire.Piece:
		r.conn.tally.down.Add(int64(len(m.Data)))
		if len(m.Data) > swarm.BlockLen || !r.conn.tally.takeCredit() {
			m.Data = nil
			return m
		}
		p := r.conn.torrent.engine.budget.buffer()
		m.Data = p[:copy(p, m.Data)]
	case m.Data != nil:
		m.Data = append([]byte(nil), m.Data...)
	}
	return m
}

// makeRoom moves what is left to the front. The buffer grows with the bytes of a
// long message that came, not with the length that was announced.
func (r *reader) makeRoom(need int) {
	left := r.buf[r.from:r.to]
	if len(r.buf) > largeBuffer && len(left) <= smallBuffer { // the long message is through
		r.buf = make([]byte, smallBuffer)
	}
	if need > len(r.buf) && len(left) > len(r.buf)/2 {
		bigger := make([]byte, min(need, 2*len(r.buf)))
		r.to = copy(bigger, left)
		r.from = 0
		if r.pooled != nil {
			largeBuffers.Put(r.pooled)
			r.pooled = nil
		}
		r.buf = bigger
		return
	}
	r.to = copy(r.buf, left)
	r.from = 0
}
