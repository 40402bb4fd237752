package engine

import (
	"io"
	"time"

	"github.com/shoal-bt/shoal/engine/internal/memory"
	"github.com/shoal-bt/shoal/peerwire"
	"github.com/shoal-bt/shoal/swarm"
)

const (
	maxUnsent  = 1 << 20                // bytes of messages that wait for a peer that takes none
	quickWrite = 100 * time.Millisecond // a write that takes less may be followed by a larger one
)

// writer sends what lies in a connection's mailbox.
type writer struct {
	conn   *conn
	out    []byte
	blocks []swarm.Block
	gather int // blocks to put into the next write
	vec    [][]byte
}

// write runs until the connection ends.
func (c *conn) write() {
	defer c.through()
	w := &writer{conn: c, gather: 1}
	for {
		select {
		case <-c.mail.ready:
		case <-c.closed:
			return
		}
		for w.take() {
			if err := w.send(); err != nil {
				return
			}
		}
	}
}

// take gets the messages that wait and the first few blocks.
func (w *writer) take() bool {
	m := &w.conn.mail
	m.mu.Lock()
	w.out, m.out = m.out, w.out[:0]
	n := 0
	for size := 0; n < min(len(m.serve), w.gather); n++ {
		if size += peerwire.PieceHeaderLen + m.serve[n].Length; n > 0 && size > memory.MaxPayload {
			break
		}
	}
	w.blocks = append(w.blocks[:0], m.serve[:n]...)
	m.serve = m.serve[:copy(m.serve, m.serve[n:])]
	m.mu.Unlock()
	return len(w.out) > 0 || n > 0
}

// send writes messages and blocks, together if there are both.
func (w *writer) send() error {
	if len(w.blocks) == 0 {
		return w.flush(w.out, 0)
	}
	if len(w.out) > memory.FewMessages {
		if err := w.flush(w.out, 0); err != nil {
			return err
		}
		w.out = w.out[:0]
	}
	size := len(w.out)
	for _, b := range w.blocks {
		size += peerwire.PieceHeaderLen + b.Length
	}
	uploads := w.conn.torrent.engine.uploads
	buf, ok := uploads.Take(size, w.conn.closed)
	if !ok {
		return io.ErrClosedPipe
	}
	defer uploads.Put(buf)
	p := append(buf.Bytes[:0], w.out...)
	p, payload := w.load(p)
	w.conn.tally.queued.Add(-int64(len(w.blocks)))
	begin := time.Now()
	if err := w.flush(p, payload); err != nil {
		return err
	}
	if time.Since(begin) < quickWrite {
		w.gather = min(2*w.gather, memory.MaxGather)
	} else {
		w.gather = max(w.gather/2, 1)
	}
	return nil
}

// load appends the blocks with their headers to p. Blocks that follow one another
// in the torrent are read in one call.
func (w *writer) load(p []byte) (out []byte, payload int) {
	g := w.conn.torrent.geometry
	for i := 0; i < len(w.blocks); {
		begin := len(p)
		w.vec = w.vec[:0]
		first := i
		end := g.Offset(w.blocks[i])
		for ; i < len(w.blocks) && g.Offset(w.blocks[i]) == end; i++ {
			b := w.blocks[i]
			p = peerwire.AppendPieceHeader(p, b)
			p = p[:len(p)+b.Length]
			stored := min(b.Length, g.PieceLen(b.Piece)-b.Begin)
			w.vec = append(w.vec, p[len(p)-b.Length:][:stored])
			clear(p[len(p)-b.Length+stored:]) // pad, which a block may reach into
			end += int64(stored)
		}
		if err := w.readRun(w.blocks[first:i]); err != nil {
			p = p[:begin]
			continue
		}
		for _, b := range w.blocks[first:i] {
			payload += b.Length
		}
	}
	return p, payload
}

// readRun reads blocks that follow one another.
func (w *writer) readRun(blocks []swarm.Block) error {
	t := w.conn.torrent
	if !t.disk.Acquire(w.conn.closed) {
		return io.ErrClosedPipe
	}
	defer t.disk.Release()
	off := t.geometry.Offset(blocks[0])
	var err error
	if len(w.vec) == 1 {
		var n int
		n, err = t.storage.ReadAt(w.vec[0], off)
		if n == len(w.vec[0]) {
			err = nil
		}
	} else {
		_, err = swarm.ReadVecAt(t.storage, w.vec, off)
	}
	if err != nil {
		for _, b := range blocks {
			t.post(readFailed{w.conn.id, b, err})
		}
	}
	return err
}

// flush writes p, of which payload bytes are blocks.
func (w *writer) flush(p []byte, payload int) error {
	c := w.conn
	if err := c.socket.SetWriteDeadline(time.Now().Add(c.torrent.engine.cfg.PeerTimeout)); err != nil {
		return err
	}
	n, err := c.socket.Write(p)
	c.tally.upAll.Add(int64(n))
	if err == nil {
		c.tally.up.Add(int64(payload))
	}
	return err
}
