package e2e

import (
	"net"
	"sync"

	"github.com/shoal-bt/shoal/handshake"
	"github.com/shoal-bt/shoal/peerwire"
	"github.com/shoal-bt/shoal/swarm"
)

// A watch is a listener that reads along what is sent on the newest connection. So a test
// knows when the peer has written all that it can: a Shoal says HAVE after it wrote a piece.
type watch struct {
	net.Listener
	geometry swarm.Geometry

	mu   sync.Mutex // guards what follows, and the newest watchedConn
	sent map[swarm.Block]bool
	got  map[int]bool // pieces that the peer said HAVE of
}

// Accept implements net.Listener.
func (w *watch) Accept() (net.Conn, error) {
	conn, err := w.Listener.Accept()
	if err != nil {
		return nil, err
	}
	c := &watchedConn{Conn: conn}
	decoder := peerwire.NewDecoder(peerwire.Limits{Geometry: w.geometry, Fast: true})
	sent, got := make(map[swarm.Block]bool), make(map[int]bool)
	c.in = messages{decoder: decoder, skip: handshake.Len, each: func(m peerwire.Message) {
		if m.Kind == peerwire.Have {
			w.mu.Lock()
			defer w.mu.Unlock()
			got[m.Piece] = true
		}
	}}
	c.out = messages{decoder: decoder, skip: handshake.Len, each: func(m peerwire.Message) {
		if m.Kind == peerwire.Piece {
			w.mu.Lock()
			defer w.mu.Unlock()
			sent[m.Block] = true
		}
	}}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.sent, w.got = sent, got
	return c, nil
}

// written reports whether the newest peer has every piece that was sent to it in full.
func (w *watch) written() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	for block := range w.sent {
		if !w.got[block.Piece] && w.sentAll(block.Piece) {
			return false
		}
	}
	return true
}

// sentAll reports whether every block of a piece was sent. The caller holds the lock.
func (w *watch) sentAll(piece int) bool {
	for block := range w.geometry.Blocks(piece) {
		if !w.sent[block] {
			return false
		}
	}
	return true
}

// A watchedConn is a connection of a watch.
type watchedConn struct {
	net.Conn
	in, out messages
}

// Read implements net.Conn.
func (c *watchedConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	c.in.add(p[:n])
	return n, err
}

// Write implements net.Conn.
func (c *watchedConn) Write(p []byte) (int, error) {
	c.out.add(p) // before the peer can answer
	return c.Conn.Write(p)
}

// messages cuts one direction of a connection into messages.
type messages struct {
	decoder *peerwire.Decoder
	each    func(peerwire.Message)
	skip    int    // bytes of the handshake that are still to come
	begun   []byte // a message that has not come in full
}

func (m *messages) add(b []byte) {
	skipped := min(m.skip, len(b))
	m.skip -= skipped
	m.begun = append(m.begun, b[skipped:]...)
	for {
		message, n, _, err := m.decoder.Decode(m.begun)
		if err != nil || n == 0 {
			return
		}
		m.each(message)
		m.begun = m.begun[n:]
	}
}
