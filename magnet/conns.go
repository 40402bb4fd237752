package magnet

import (
	"errors"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/shoal-bt/shoal/connect"
	"github.com/shoal-bt/shoal/handshake"
	"github.com/shoal-bt/shoal/magnet/fetch"
	"github.com/shoal-bt/shoal/peerwire"
	"github.com/shoal-bt/shoal/protocol/addressbook"
	"github.com/shoal-bt/shoal/protocol/duplicates"
	"github.com/shoal-bt/shoal/protocol/places"
	"github.com/shoal-bt/shoal/protocol/report"
	"github.com/shoal-bt/shoal/swarm"
)

const (
	readSize     = 32 << 10        // bytes to have room for in a read
	maxKept      = 2 * readSize    // of the buffer of a connection that sends no long messages
	maxOut       = 64 << 10        // bytes that wait to be sent to one peer
	writeTimeout = 2 * time.Minute // of a write that the peer does not take

	// flushTimeout is how long a connection that is handed over has to send what waits. It
	// is little, and the torrent can do without the connection.
	flushTimeout = 100 * time.Millisecond
)

// limits bound the messages of peers. Their long ones are bitfields, pieces of metadata and
// extension handshakes.
func limits(fast bool) peerwire.Limits {
	return peerwire.Limits{Fast: fast, MaxExtended: 64 << 10, MaxUnknown: 64 << 10}
}

// A conn is a connection with its two goroutines. The goroutine of Run owns the fields
// without a lock, but for left and the errors, which are those of reader and writer until
// they have ended.
type conn struct {
	*connect.Conn
	run     *run
	peer    swarm.Peer
	origin  Origin
	greeted bool // the State sent the first messages

	stop       chan struct{} // closed when the goroutines are to end
	readerDone chan struct{}
	writerDone chan struct{}
	ack        chan int // how many bytes of the messages that were posted are done with
	left       []byte   // what was read and is not done with
	readErr    error
	writeErr   error

	mu   sync.Mutex
	out  []byte        // to be sent
	more chan struct{} // holds a token if out has bytes
}

// adopt takes in a connection that has shaken hands. If the fetch is over, it only keeps it.
func (r *run) adopt(c *connect.Conn) {
	now := time.Now()
	addr := c.Addr.Addr()
	isForeign := !slices.Contains(r.swarms, c.Swarm)
	if isForeign || r.refuses(now, c) || !r.acquire(now, addr) {
		c.Close()
		return
	}
	r.join(now, c, Origin{Incoming: true})
}

// acquire takes a place for a connection that the peer made.
func (r *run) acquire(now time.Time, a netip.Addr) bool {
	limit := r.places.Exceeds(r.limits, a, false)
	if (limit == places.Total || limit == places.Incoming) && r.makeRoom(now) {
		limit = r.places.Exceeds(r.limits, a, false)
	}
	if limit != places.None {
		return false
	}
	r.places.Add(a, false)
	return true
}

// refuses reports whether a connection is not wanted: its peer is banned or has flooded us, is
// ourselves, or is connected already. Of two connections to one peer it closes the older if the new one is
// to stay, as the torrent will.
func (r *run) refuses(now time.Time, c *connect.Conn) bool {
	added := endsOf(c)
	if r.isBanned(c.Addr) || r.book.Refused(now, c.Addr.Addr()) || added.ID == r.options.PeerID {
		return true
	}
	for _, o := range r.conns {
		old := endsOf(o.Conn)
		match := old.MayBe(added)
		switch {
		case match == duplicates.None:
		case match == duplicates.Pretends || !added.Replaces(old, r.options.PeerID):
			return true
		default:
			r.leave(now, o, report.EndDuplicate, errUnwanted)
			return false
		}
	}
	return false
}

// endsOf returns what tells a connection from others.
func endsOf(c *connect.Conn) duplicates.Conn {
	return duplicates.Conn{Addr: c.Addr, ID: c.Theirs.PeerID, Outgoing: c.Outgoing}
}

// makeRoom closes a connection that is no use to the fetch.
func (r *run) makeRoom(now time.Time) bool {
	c, ok := r.state.Spare(now)
	if ok {
		r.closePeer(now, c)
	}
	return ok
}

// join begins a connection, which has its place.
func (r *run) join(now time.Time, from *connect.Conn, origin Origin) {
	r.lastPeer++
	c := &conn{
		Conn:       from,
		run:        r,
		peer:       r.lastPeer,
		origin:     origin,
		stop:       make(chan struct{}),
		readerDone: make(chan struct{}),
		writerDone: make(chan struct{}),
		ack:        make(chan int, 1),
		more:       make(chan struct{}, 1),
	}
	r.conns[c.peer] = c
	if r.isOver || r.state.Over() {
		c.left = c.Replay
		close(c.readerDone)
		close(c.writerDone)
		return
	}
	c.greeted = true
	r.options.OnEvent(report.PeerConnected{
		Torrent:  r.swarms[0],
		Addr:     c.Addr,
		ID:       c.Theirs.PeerID,
		Outgoing: c.Outgoing,
	})
	r.state.Join(now, fetch.Joined{
		Peer:     c.peer,
		Addr:     c.Addr,
		Fast:     c.Supports(handshake.Fast),
		Extended: c.Supports(handshake.Extended),
		DHT:      c.Theirs.Reserved.Has(handshake.DHT),
	})
	r.tasks.Go(c.read)
	r.tasks.Go(c.write)
}

// read reads messages until the connection fails or is to stop, and posts them. Their bytes
// stay where they are until Run is done with them.
func (c *conn) read() {
	defer close(c.readerDone)
	d := peerwire.NewDecoder(limits(c.Supports(handshake.Fast)))
	c.left = slices.Clone(c.Replay)
	for {
		ok := c.postMessages(d)
		if !ok {
			return
		}
		if cap(c.left) > maxKept && len(c.left) < readSize {
			c.left = append(make([]byte, 0, maxKept), c.left...) // the long message is done with
		}
		c.left = slices.Grow(c.left, readSize)
		n, err := c.Conn.Read(c.left[len(c.left):cap(c.left)])
		c.left = c.left[:len(c.left)+n]
		if err != nil {
			c.fail(&c.readErr, err)
			return
		}
	}
}

// A received is a message with its length on the wire.
type received struct {
	peerwire.Message
	length int
}

// postMessages posts the messages at the beginning of what was read, and waits until Run
// has seen them. It reports false if the connection is to end.
func (c *conn) postMessages(d *peerwire.Decoder) bool {
	var batch []received
	rest := c.left
	var failure error
	for {
		m, n, _, err := d.Decode(rest)
		if err != nil || n == 0 {
			failure = err
			break
		}
		batch = append(batch, received{m, n})
		rest = rest[n:]
	}
	if len(batch) > 0 {
		if !c.run.post(func(r *run) { c.ack <- r.receive(c, batch) }) {
			return false
		}
		n, isStopped := c.awaitAck()
		c.left = c.left[:copy(c.left, c.left[n:])]
		if isStopped {
			return false
		}
	}
	if failure != nil {
		c.fail(&c.readErr, failure)
		return false
	}
	return true
}

// awaitAck waits until Run is done with messages, and returns the number of bytes. If the
// connection is to stop, Run sees no more of them.
func (c *conn) awaitAck() (n int, isStopped bool) {
	select {
	case n = <-c.ack:
		return n, false
	case <-c.stop:
	}
	select {
	case n = <-c.ack:
	default:
	}
	return n, true
}

// fail notes why reader or writer ended, and has the connection closed.
func (c *conn) fail(to *error, err error) {
	*to = err
	c.run.post(func(r *run) {
		if r.conns[c.peer] == c && !r.state.Over() {
			r.leave(time.Now(), c, endOf(err), err)
		}
	})
}

// receive gives messages to the State until the fetch is over, and returns how many bytes
// they were.
func (r *run) receive(c *conn, batch []received) (n int) {
	now := time.Now()
	for _, m := range batch {
		if r.isOver || r.state.Over() || r.conns[c.peer] != c {
			break
		}
		r.state.Receive(now, c.peer, m.Message)
		n += m.length
	}
	return n
}

// write sends what waits until the connection fails or is to stop.
func (c *conn) write() {
	defer close(c.writerDone)
	for isStopped := false; !isStopped; {
		select {
		case <-c.more:
		case <-c.stop:
			isStopped = true
		}
		out := c.takeOut()
		if len(out) == 0 {
			continue
		}
		c.Conn.SetWriteDeadline(time.Now().Add(writeTimeout))
		select {
		case <-c.stop: // stopGently may have set its deadline before
			c.Conn.SetWriteDeadline(time.Now().Add(flushTimeout))
		default:
		}
		_, err := c.Conn.Write(out)
		if err != nil {
			c.fail(&c.writeErr, err)
			return
		}
	}
}

func (c *conn) takeOut() (out []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	out, c.out = c.out, nil
	return out
}

// send has bytes sent. It reports false if the peer takes so little that too many wait.
func (c *conn) send(b []byte) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.out)+len(b) > maxOut {
		return false
	}
	c.out = append(c.out, b...)
	select {
	case c.more <- struct{}{}:
	default:
	}
	return true
}

// closePeer closes a connection that the State has ended.
func (r *run) closePeer(now time.Time, end fetch.Close) {
	if end.Ban {
		r.ban(end)
	}
	c := r.conns[end.Peer]
	if c == nil {
		return
	}
	if !end.Ban {
		r.remember(c, end.ListenPort)
	}
	r.closeConn(now, c, end.End, end.Why)
}

// leave closes a connection that the State has not ended.
func (r *run) leave(now time.Time, c *conn, end report.End, why error) {
	r.remember(c, r.state.ListenPort(c.peer))
	r.state.Leave(now, c.peer)
	r.closeConn(now, c, end, why)
}

// remember has the address known where a peer that dialed us accepts connections.
func (r *run) remember(c *conn, listenPort uint16) {
	if !c.Outgoing && listenPort != 0 {
		a := netip.AddrPortFrom(c.Addr.Addr(), listenPort)
		r.found([]swarm.Address{{AddrPort: a}}, r.allSwarms(), Origin{Incoming: true})
	}
}

// closeConn closes a connection that the State does not know any more. A peer that flooded us
// may not return at once.
func (r *run) closeConn(now time.Time, c *conn, end report.End, why error) {
	r.options.Logger.Debug("connection ended", "addr", c.Addr, "end", end, "err", why)
	r.ends[end]++
	r.options.OnEvent(report.PeerLost{Torrent: r.swarms[0], Addr: c.Addr, Err: why, End: end})
	delete(r.conns, c.peer)
	r.places.Remove(c.Addr.Addr(), c.Outgoing)
	close(c.stop)
	c.Conn.Close()
	if end == report.EndFlood {
		r.book.Refuse(now, c.Addr.Addr())
	}
	if c.Outgoing {
		how := addressbook.Failed
		switch end {
		case report.EndReplaced:
			how = addressbook.NoRoom
		case report.EndDuplicate:
			how = addressbook.Crossed
		}
		r.book.Ended(now, c.Addr, how)
	}
}

// endOf returns which kind of end an error of a socket or of the decoder is.
func endOf(err error) report.End {
	var broken *peerwire.ProtocolError
	if errors.As(err, &broken) {
		return report.EndBroken
	}
	return report.EndLost
}
