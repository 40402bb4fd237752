package conns

import (
	"errors"
	"io"
	"time"

	"github.com/shoal-bt/shoal/engine/internal/disk"
	"github.com/shoal-bt/shoal/engine/internal/memory"
	"github.com/shoal-bt/shoal/peerwire"
	"github.com/shoal-bt/shoal/protocol"
	"github.com/shoal-bt/shoal/swarm"
)

// quickWrite is how long a write may take that is followed by a larger one.
const quickWrite = 100 * time.Millisecond

// writer sends what the turn delivered.
type writer struct {
	conn   *Conn
	out    []byte        // messages
	blocks []swarm.Block // to send after them
	gather int           // blocks to put into the next write
	vec    [][]byte
}

// write runs until the connection ends.
func (c *Conn) write() {
	defer c.finish()
	w := &writer{conn: c, gather: 1}
	for {
		select {
		case <-c.mail.ready:
		case <-c.closed:
			return
		}
		for w.fetch() {
			err := w.send()
			if err != nil {
				return
			}
		}
	}
}

// fetch gets the messages that wait and the first few blocks.
func (w *writer) fetch() bool {
	m := &w.conn.mail
	m.mu.Lock()
	defer m.mu.Unlock()
	w.out, w.blocks = m.line.Take(w.out, w.blocks, w.gather, memory.MaxPayload)
	return len(w.out)+len(w.blocks) > 0
}

// send writes messages and blocks, together if there are both. The next write takes more
// blocks if this one was quick, and fewer if it was slow.
func (w *writer) send() error {
	if len(w.blocks) == 0 {
		return w.flush(w.out, 0)
	}
	if len(w.out) > memory.FewMessages {
		err := w.flush(w.out, 0)
		if err != nil {
			return err
		}
		w.out = w.out[:0]
	}
	size := len(w.out)
	for _, b := range w.blocks {
		size += peerwire.PieceHeaderLen + b.Length
	}
	uploads := w.conn.sockets.Memory.Uploads
	buf, ok := uploads.Take(size, w.conn.closed)
	if !ok {
		return io.ErrClosedPipe
	}
	defer uploads.Put(buf)
	p := append(buf.Bytes[:0], w.out...)
	p, payload := w.load(p)
	w.conn.tally.Sent(len(w.blocks))
	begin := time.Now()
	err := w.flush(p, payload)
	if err != nil {
		return err
	}
	if time.Since(begin) < quickWrite {
		w.gather = min(2*w.gather, memory.MaxGather)
	} else {
		w.gather = max(w.gather/2, 1)
	}
	return nil
}

// load appends the blocks with their headers to p. Blocks that follow one another in the
// torrent are read in one call; those that cannot be read are left out.
func (w *writer) load(p []byte) (out []byte, payload int) {
	g := &w.conn.owner.Store().Geometry
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
		err := w.readRun(w.blocks[first:i])
		if err != nil {
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
	t := w.conn.owner
	s := t.Store()
	err := s.ReadVecAt(w.vec, s.Geometry.Offset(blocks[0]), w.conn.closed)
	if err == nil || errors.Is(err, disk.ErrClosed) {
		return err
	}
	for _, b := range blocks {
		t.Post(protocol.ReadFailed{Peer: w.conn.peer, Block: b, Err: err})
	}
	return err
}

// flush writes p, of which payload bytes are blocks.
func (w *writer) flush(p []byte, payload int) error {
	c := w.conn
	err := c.socket.SetWriteDeadline(time.Now().Add(c.sockets.PeerTimeout))
	if err != nil {
		return err
	}
	n, err := c.socket.Write(p)
	c.tally.UpAll.Add(int64(n))
	if err == nil {
		c.tally.Up.Add(int64(payload))
	}
	return err
}
