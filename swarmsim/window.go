package swarmsim

const (
	initialWindow = 10 * 1460 // bytes (https://www.rfc-editor.org/rfc/rfc6928)
	maxWindow     = 4 << 20
)

// A window bounds the bytes of blocks that are under way on a connection, as the window of
// TCP's slow start does. The zero window bounds nothing.
type window struct {
	size     int // bytes that may be under way; 0 for any number
	underWay int
}

// isFull reports whether nothing may be sent now. A block is longer than the first window, so the
// last one under way may exceed it.
func (w *window) isFull() bool { return w.size > 0 && w.underWay >= w.size }

func (w *window) sent(n int) { w.underWay += n }

// acknowledged lets the window grow by what has arrived.
func (w *window) acknowledged(n int) {
	w.underWay -= n
	w.size = min(w.size+n, maxWindow)
}

// An ack tells the end that sent a block that it has arrived.
type ack struct {
	end   *end
	bytes int
}

// acknowledge tells the other side that a block arrived, if it waits for that.
func (n *node) acknowledge(e *end, p *packet) {
	from := e.remote
	if p.hasData && from.window.size > 0 {
		n.postTo(from.node, n.now+e.delay, ack{from, p.size()})
	}
}

// acknowledged sends more on a connection whose window was full.
func (n *node) acknowledged(a ack) {
	if a.end.closed {
		return
	}
	a.end.window.acknowledged(a.bytes)
	n.queueBulk(a.end)
	n.startUplink()
}
