package conns

import (
	"cmp"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/shoal-bt/shoal/connect"
	"github.com/shoal-bt/shoal/handshake"
	"github.com/shoal-bt/shoal/protocol"
	"github.com/shoal-bt/shoal/swarm"
)

const (
	maxUnsent = 1 << 20 // bytes of messages that wait for a peer that takes none
	batches   = 2       // Received of one connection: the reader fills one while the turn has the other
)

// A Conn is one connection to a peer, from the end of its handshake on. Its reader owns
// the socket's read side and its writer the write side.
type Conn struct {
	sockets *Sockets
	owner   Owner
	socket  net.Conn
	replay  []byte // what was read before it joined, for the reader
	peer    swarm.Peer
	fast    bool
	tally   protocol.Tally

	addr     netip.Addr // with outgoing, for the place that it takes
	outgoing bool

	returned chan *protocol.Received // batches that the reader may fill
	closed   chan struct{}
	close    sync.Once
	running  atomic.Int32 // goroutines: reader and writer
	err      error        // why the reader ended
	reason   error        // why the engine closed it; nil for any other end

	mail struct {
		mu    sync.Mutex
		line  protocol.Line
		ready chan struct{} // holds a token while there may be something to send
	}
}

// join hands a connection that has shaken hands to its torrent. The caller is a task of
// the torrent, and has taken a place for it.
func (s *Sockets) join(t Owner, from *connect.Conn) {
	c := &Conn{
		sockets:  s,
		owner:    t,
		socket:   from.Conn,
		replay:   from.Replay,
		peer:     swarm.Peer(s.peers.Add(1)),
		fast:     from.Supports(handshake.Fast),
		addr:     from.Addr.Addr(),
		outgoing: from.Outgoing,
		returned: make(chan *protocol.Received, batches),
		closed:   make(chan struct{}),
	}
	c.mail.ready = make(chan struct{}, 1)
	c.mail.line.Fast, c.mail.line.Tally = c.fast, &c.tally
	c.tally.Use(time.Now())
	s.enter(c)
	t.Join(c, protocol.Joined{
		Peer:       c.peer,
		Addr:       from.Addr,
		ID:         from.Theirs.PeerID,
		Swarm:      from.Swarm,
		Outgoing:   from.Outgoing,
		Fast:       c.fast,
		Extended:   from.Supports(handshake.Extended),
		DHT:        from.Theirs.Reserved.Has(handshake.DHT),
		Greeted:    from.Greeted,
		Interested: from.Interested,
		Tally:      &c.tally,
	})
}

// Peer returns the connection's number, which no other in the engine has.
func (c *Conn) Peer() swarm.Peer { return c.peer }

// Start lets the connection's goroutines begin. It is called once, in a turn.
func (c *Conn) Start() {
	for range batches {
		c.returned <- &protocol.Received{Peer: c.peer}
	}
	c.running.Store(2)
	c.owner.AddTask()
	c.owner.AddTask()
	go c.read()
	go c.write()
}

// Close ends the connection. If it was started, Gone follows when reader and writer have
// ended. It may be called again, by any goroutine.
func (c *Conn) Close() { c.closeBecause(nil) }

// closeBecause is Close with a reason that Gone says; nil for that of the reader.
func (c *Conn) closeBecause(reason error) {
	c.close.Do(func() {
		c.reason = reason
		close(c.closed)
		c.socket.Close()
		c.sockets.leave(c)
	})
}

// finish ends the reader or the writer. The last of them posts Gone, when all bytes are
// counted; each is a task until then.
func (c *Conn) finish() {
	c.Close()
	if c.running.Add(-1) == 0 {
		c.owner.Post(protocol.Gone{Peer: c.peer, Err: cmp.Or(c.reason, c.err)})
	}
	c.owner.EndTask()
}

// Return gives a batch back to the reader, without what its messages point to. It is
// called in a turn and does not block.
func (c *Conn) Return(r *protocol.Received) {
	clear(r.Messages)
	r.Messages = r.Messages[:0]
	c.returned <- r
}

// Deliver gives the writer what the turn has for the peer. A peer that takes nothing is
// given up when too much waits for it.
func (c *Conn) Deliver(o *protocol.Outbox) {
	c.mail.mu.Lock()
	c.mail.line.Deliver(o)
	tooMuch := c.mail.line.Waiting() > maxUnsent
	c.mail.mu.Unlock()
	if tooMuch {
		c.Close()
	}
	select {
	case c.mail.ready <- struct{}{}:
	default:
	}
}
