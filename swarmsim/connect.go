package swarmsim

import (
	"errors"
	"net/netip"
	"time"

	"github.com/shoal-bt/shoal/peerwire"
	"github.com/shoal-bt/shoal/protocol"
	"github.com/shoal-bt/shoal/protocol/addressbook"
	"github.com/shoal-bt/shoal/swarm"
)

var (
	errClosed  = errors.New("the peer closed the connection")
	errLost    = errors.New("the connection was lost")
	errRefused = errors.New("nobody accepts connections there")
)

// An end is one node's end of a connection.
type end struct {
	line   protocol.Line
	tally  protocol.Tally
	node   *node
	remote *end
	id     swarm.Peer
	delay  time.Duration // one way

	accepted bool // by the State
	closed   bool // by either side, or lost
	window   window
	isUrgent bool // in uplink.urgent
	isBulk   bool // in uplink.bulk

	// What follows is for peers that break rules, and for those that bear it; see kinds.go.
	unasked    int                 // blocks to send that nobody requested
	bursts     int                 // of messages that were sent
	sent       int                 // blocks that a Quitter sent
	untaken    int                 // bytes of blocks that were sent to a NonReader
	isDeaf     bool                // a NonReader's end that got a block and reads no more
	isStalled  bool                // the other side takes nothing any more
	joinedAt   time.Duration       // when the handshake was done
	unchoked   bool                // by the other side
	extensions peerwire.Extensions // of the other side; nil unless this side is a Flooder
}

// A dialing is a handshake on its way to the one who is dialed, and a dialed its answer.
type (
	dialing struct {
		from *node
		id   swarm.PeerID // that the dialer shows
	}

	dialed struct {
		addr netip.AddrPort
		end  *end // the dialer's; nil if it was refused
	}

	unanswered struct{ addr netip.AddrPort } // nobody was at an address that was dialed
)

// dialTimeout is how long a dial waits for an answer.
const dialTimeout = 10 * time.Second

// delayBetween returns how long a message takes.
func delayBetween(a, b *node) time.Duration { return (a.peer.Link.Delay + b.peer.Link.Delay) / 2 }

// end returns the end with a number, or nil.
func (n *node) end(id swarm.Peer) *end {
	if int(id) > len(n.ends) || id == 0 {
		return nil
	}
	return n.ends[id-1]
}

// addEnd gives an end its number.
func (n *node) addEnd(e *end) {
	n.ends = append(n.ends, e)
	e.id = swarm.Peer(len(n.ends))
	n.open++
}

// removeEnd forgets an end. Packets on their way to it are dropped when they arrive.
func (n *node) removeEnd(e *end) {
	e.closed = true
	if n.end(e.id) == e {
		n.ends[e.id-1] = nil
		n.open--
	}
}

// dial connects to an address. The dialer's part of the handshake arrives after one and a
// half round trips, because a TCP connection must be there first, and a random time of up
// to one. Otherwise everybody would have connections in the order of the peers' numbers,
// and protocol decides between equal peers by their order.
func (n *node) dial(addr netip.AddrPort) {
	to := n.world.nodeAt(addr)
	if to == nil {
		n.log.strays.count(addr.Addr())
		n.post(n.now+dialTimeout, unanswered{addr})
		return
	}
	delay := delayBetween(n, to)
	jitter := time.Duration(n.random.Int64N(int64(2 * delay)))
	n.postTo(to, n.now+3*delay+jitter, &dialing{n, n.shownID()})
}

// accept answers a handshake, and tells the State of the connection.
func (n *node) accept(d *dialing) {
	delay := delayBetween(n, d.from)
	if n.state == nil || n.leaving {
		n.postTo(d.from, n.now+delay, &dialed{addr: n.addr})
		return
	}
	mine := &end{node: n, delay: delay}
	theirs := &end{node: d.from, delay: delay, remote: mine}
	mine.remote = theirs
	n.postTo(d.from, n.now+delay, &dialed{n.addr, theirs})
	n.addEnd(mine)
	if n.peer.Link.Lifetime > 0 {
		life := n.random.ExpFloat64() * float64(n.peer.Link.Lifetime)
		n.post(n.now+time.Duration(min(life, float64(24*time.Hour))), mine)
	}
	// The port of an outgoing connection is not the one at which a peer can be dialed.
	from := netip.AddrPortFrom(d.from.addr.Addr(), 49152+uint16(mine.id)%16384)
	n.joined(mine, from, d.id, false)
}

// connected takes in the answer to a dial.
func (n *node) connected(d *dialed) {
	switch {
	case d.end == nil:
		n.apply(protocol.Unreached{Addr: d.addr, Why: addressbook.Failed, Err: errRefused})
	case n.state == nil || n.leaving:
		d.end.closed = true
		n.sendClose(d.end)
	default:
		n.addEnd(d.end)
		n.joined(d.end, d.addr, d.end.remote.node.id, true)
	}
}

func (n *node) joined(e *end, addr netip.AddrPort, id swarm.PeerID, outgoing bool) {
	e.joinedAt = n.now
	if n.peer.Link.SlowStart {
		e.window.size = initialWindow
	}
	e.line.Fast, e.line.Tally = true, &e.tally
	n.apply(protocol.Joined{
		Peer:     e.id,
		Addr:     addr,
		ID:       id,
		Swarm:    swarm.ID{1},
		Outgoing: outgoing,
		Fast:     true,
		Extended: true,
		Tally:    &e.tally,
	})
}

// accepted lets an end be used.
func (n *node) accepted(e *end) {
	if e == nil {
		return
	}
	e.accepted = true
	n.sendFalseHaves(e)
}

// closeEnd closes a connection that the State does not want any more.
func (n *node) closeEnd(e *end, why error) {
	if e == nil || e.closed {
		return
	}
	e.closed = true
	n.sendClose(e)
	if e.accepted {
		n.answer(n.now, protocol.Gone{Peer: e.id, Err: why})
	}
	n.removeEnd(e)
}

// sendClose tells the other side that the connection is closed.
func (n *node) sendClose(e *end) {
	p := n.world.newPacket(e.remote)
	p.isClose = true
	n.postTo(e.remote.node, n.now+e.delay, p)
}

// lose ends a connection that broke; the other side notices later.
func (n *node) lose(e *end) {
	if !e.closed {
		n.sendClose(e)
		n.closedBy(e, errLost)
	}
}

// closedBy ends a connection that somebody else closed.
func (n *node) closedBy(e *end, why error) {
	e.closed = true
	n.removeEnd(e)
	if e.accepted {
		n.apply(protocol.Gone{Peer: e.id, Err: why})
	}
}
