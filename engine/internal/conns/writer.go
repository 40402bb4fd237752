package conns

import (
	"errors"
	"io"
	"os"
	"slices"
	"time"

	"github.com/shoal-bt/shoal/engine/internal/disk"
	"github.com/shoal-bt/shoal/peerwire"
	"github.com/shoal-bt/shoal/protocol"
	"github.com/shoal-bt/shoal/protocol/budget"
	"github.com/shoal-bt/shoal/swarm"
)

const (
	// quickWrite is how long a write may take that is followed by a larger one.
	quickWrite = 100 * time.Millisecond

	// A peer for whose buffer others wait must take leastTaken bytes in each stallTime.
	stallTime  = 5 * time.Second
	leastTaken = swarm.BlockLen
)

// errStalled ends a connection that holds memory.
var errStalled = errors.New("took too little while others waited for the memory")

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

// fetch gets the messages that wait, one of those that are made now, and the first few blocks.
func (w *writer) fetch() bool {
	m := &w.conn.mail
	m.mu.Lock()
	w.out, w.blocks = m.line.Take(w.out, w.blocks, w.gather, budget.MaxPayload)
	late := m.line.TakeLate()
	m.mu.Unlock()
	if late != nil {
		w.out = late(w.out)
	}
	return late != nil || len(w.out)+len(w.blocks) > 0
}

// send writes messages and blocks, together if there are both. It uses several writes if
// the memory for one is not free.
func (w *writer) send() error {
	if len(w.out) > budget.FewMessages || len(w.blocks) == 0 {
		err := w.flush(w.out, 0)
		if err != nil {
			return err
		}
		w.out = w.out[:0]
	}
	for len(w.blocks) > 0 {
		err := w.sendBlocks()
		if err != nil {
			return err
		}
		w.out = w.out[:0]
	}
	return nil
}

// sendBlocks writes the messages and as many of the blocks as its buffer takes. The next
// write takes more blocks if this one was quick, and fewer if it was slow: a peer that
// takes nothing holds little memory unless it took much before.
func (w *writer) sendBlocks() error {
	memory := w.conn.sockets.Memory
	_, least := w.fit(0)
	_, want := w.fit(budget.MaxPayload)
	buf, ok := memory.TakeUpload(w.conn.owner.Uploads(), least+len(w.out), want+len(w.out), w.conn.closed)
	if !ok {
		return io.ErrClosedPipe
	}
	defer memory.Uploads.Put(buf)
	n, _ := w.fit(len(buf.Bytes) - len(w.out))
	p, payload := w.load(append(buf.Bytes[:0], w.out...), w.blocks[:n])
	w.blocks = slices.Delete(w.blocks, 0, n) // the next fetch uses its memory again
	w.conn.tally.Sent(n)
	begin := time.Now()
	err := w.flush(p, payload)
	if err != nil {
		return err
	}
	if time.Since(begin) < quickWrite {
		w.gather = min(4*w.gather, budget.MaxGather) // 1, 4, 16: each size takes a buffer of its own
	} else {
		w.gather = max(w.gather/2, 1)
	}
	return nil
}

// fit returns how many of the first blocks fit into size bytes, at least one, and the
// bytes that they take with their headers.
func (w *writer) fit(size int) (n, bytes int) {
	for _, b := range w.blocks {
		next := bytes + peerwire.PieceHeaderLen + b.Length
		if n > 0 && next > size {
			break
		}
		n, bytes = n+1, next
	}
	return n, bytes
}

// load appends the blocks with their headers to p. Blocks that follow one another in the
// torrent are read in one call; those that cannot be read are left out.
func (w *writer) load(p []byte, blocks []swarm.Block) (out []byte, payload int) {
	g := &w.conn.owner.Store().Geometry
	alone := 0 // blocks before this one are read one by one
	for i := 0; i < len(blocks); {
		begin := len(p)
		w.vec = w.vec[:0]
		first := i
		end := g.Offset(blocks[i])
		for ; i < len(blocks) && g.Offset(blocks[i]) == end && (i == first || first >= alone); i++ {
			b := blocks[i]
			p = peerwire.AppendPieceHeader(p, b)
			p = p[:len(p)+b.Length]
			stored := min(b.Length, g.PieceLen(b.Piece)-b.Begin)
			w.vec = append(w.vec, p[len(p)-b.Length:][:stored])
			clear(p[len(p)-b.Length+stored:]) // pad, which a block may reach into
			end += int64(stored)
		}
		err := w.readRun(blocks[first:i])
		if err != nil {
			p = p[:begin]
			if i-first > 1 && !errors.Is(err, disk.ErrClosed) {
				i, alone = first, i // perhaps only one of them cannot be read
			}
			continue
		}
		for _, b := range blocks[first:i] {
			payload += b.Length
		}
	}
	return p, payload
}

// readRun reads blocks that follow one another. If a single one cannot be read, it says so.
func (w *writer) readRun(blocks []swarm.Block) error {
	t := w.conn.owner
	s := t.Store()
	err := s.ReadVecAt(w.vec, s.Geometry.Offset(blocks[0]), w.conn.closed)
	if err != nil && len(blocks) == 1 && !errors.Is(err, disk.ErrClosed) {
		t.Post(protocol.ReadFailed{Peer: w.conn.peer, Block: blocks[0], Err: err})
	}
	return err
}

// flush writes p, of which payload bytes are blocks. It ends the connection if the peer
// does not take p in Config.PeerTimeout, or holds a buffer that others wait for and takes
// too little of it.
func (w *writer) flush(p []byte, payload int) error {
	c := w.conn
	holdsBuffer := payload > 0
	now := time.Now()
	for end := now.Add(c.sockets.PeerTimeout); ; now = time.Now() {
		next := now.Add(stallTime)
		if next.After(end) {
			next = end
		}
		err := c.socket.SetWriteDeadline(next)
		if err != nil {
			return err
		}
		n, err := c.socket.Write(p)
		p = p[n:]
		c.tally.UpAll.Add(int64(n))
		c.tally.Up.Add(int64(min(n, payload)))
		payload -= min(n, payload)
		switch {
		case err == nil || !errors.Is(err, os.ErrDeadlineExceeded) || next == end:
			return err
		case holdsBuffer && n < leastTaken && c.sockets.Memory.Uploads.Wanted():
			return errStalled
		}
	}
}
