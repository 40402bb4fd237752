package engine

import (
	"net"
	"net/netip"
	"sync"
	"sync/atomic"

	"github.com/shoal-bt/shoal/peerwire"
	"github.com/shoal-bt/shoal/swarm"
)

// conn is one connection to a peer, from its handshake on. Its reader owns the
// socket's read side and its writer the write side; the turn tells the writer
// what to send.
type conn struct {
	torrent  *Torrent
	id       swarm.Peer
	swarm    swarm.ID
	socket   net.Conn
	addr     netip.AddrPort
	outgoing bool
	fast     bool
	tally    tally

	batches chan *batch // the two that reader and turn pass to and fro
	closed  chan struct{}
	once    sync.Once
	running atomic.Int32 // reader and writer
	err     error        // the reader's

	mail struct {
		mu    sync.Mutex
		out   []byte        // messages, encoded
		serve []swarm.Block // blocks to send
		ready chan struct{} // holds a token while there may be something
	}
}

func newConn(t *Torrent, socket net.Conn, addr netip.AddrPort, id swarm.ID, outgoing, fast bool) *conn {
	c := &conn{
		torrent: t, id: t.engine.nextPeer(), swarm: id, socket: socket, addr: addr,
		outgoing: outgoing, fast: fast,
		batches: make(chan *batch, 2), closed: make(chan struct{}),
	}
	c.mail.ready = make(chan struct{}, 1)
	return c
}

// start lets the connection's goroutines begin. The caller holds a task for each.
func (c *conn) start() {
	for range cap(c.batches) {
		c.batches <- &batch{conn: c, peer: c.id}
	}
	c.running.Store(2)
	go c.read()
	go c.write()
}

// through ends the reader or the writer. The turn hears of the last of them, when
// all bytes are counted; it is a task until then.
func (c *conn) through() {
	c.close()
	if c.running.Add(-1) == 0 {
		c.torrent.post(gone{c.id, c.err})
	}
	c.torrent.tasks.Done()
}

// close ends the connection; the turn is told when reader and writer are through.
func (c *conn) close() {
	c.once.Do(func() {
		close(c.closed)
		c.socket.Close()
		c.torrent.engine.conns.Add(-1)
	})
}

// deliver gives the writer what the turn has for it.
func (c *conn) deliver(p *peerState) {
	c.mail.mu.Lock()
	c.mail.out = append(c.mail.out, p.out...)
	if p.clear {
		c.withdraw(c.mail.serve)
		c.mail.serve = c.mail.serve[:0]
	}
	for _, b := range p.cancel {
		for i, waiting := range c.mail.serve {
			if waiting == b {
				c.withdraw(c.mail.serve[i : i+1])
				c.mail.serve = append(c.mail.serve[:i], c.mail.serve[i+1:]...)
				break
			}
		}
	}
	c.mail.serve = append(c.mail.serve, p.serve...)
	tooMuch := len(c.mail.out) > maxUnsent
	c.mail.mu.Unlock()
	if tooMuch {
		c.close()
	}
	select {
	case c.mail.ready <- struct{}{}:
	default:
	}
}

// withdraw says of blocks that they will not be sent (BEP 6).
func (c *conn) withdraw(blocks []swarm.Block) {
	c.tally.queued.Add(-int64(len(blocks)))
	if !c.fast {
		return
	}
	for _, b := range blocks {
		c.mail.out = peerwire.Message{Kind: peerwire.Reject, Block: b}.AppendTo(c.mail.out)
	}
}

// addrPort joins an address and a port.
func addrPort(a netip.Addr, port int) netip.AddrPort {
	return netip.AddrPortFrom(a.Unmap(), uint16(port))
}

// addrOf returns the address of a socket's other end.
func addrOf(a net.Addr) netip.AddrPort {
	if t, ok := a.(*net.TCPAddr); ok {
		ap := t.AddrPort()
		return netip.AddrPortFrom(ap.Addr().Unmap(), ap.Port())
	}
	ap, _ := netip.ParseAddrPort(a.String())
	return ap
}
