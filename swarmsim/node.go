package swarmsim

import (
	"encoding/binary"
	"math/rand/v2"
	"net/netip"
	"time"

	"github.com/shoal-bt/shoal/protocol"
	"github.com/shoal-bt/shoal/protocol/addressbook"
	"github.com/shoal-bt/shoal/protocol/budget"
	"github.com/shoal-bt/shoal/protocol/report"
	"github.com/shoal-bt/shoal/swarm"
)

// What happens to a node, in addition to packets, inputs and what connect.go and
// tracker.go declare.
type (
	arrival   struct{} // the peer comes
	departure struct{} // the peer leaves
	violation struct{} // the peer breaks a rule; see kinds.go
)

// A node is a peer that runs: a State and everything outside it.
type node struct {
	world  *world
	index  int
	peer   Peer
	addr   netip.AddrPort
	id     swarm.PeerID
	random *rand.Rand
	queue  queue
	now    time.Duration
	tickAt time.Duration // when the State wants a Tick

	state    *protocol.State // nil before the peer comes, and after it left
	leaving  bool
	awaited  bool // the swarm goes on until the peer has everything or leaves
	received protocol.Received
	ends     []*end // by number minus one; nil for a connection that is over
	open     int    // ends that are not nil
	working  int    // answers that were promised to the State and have not come

	up   uplink
	down downlink
	disk disk
	announcer
	reader *reader // nil for none

	log record // for the Result
}

func newNode(w *world, i int, p Peer) *node {
	n := &node{world: w, index: i, peer: p, random: w.randomOf(i), tickAt: never}
	n.addr = addressOf(i)
	n.id = p.Config.PeerID
	if n.id == (swarm.PeerID{}) {
		copy(n.id[:], "-SS0100-")
		binary.BigEndian.PutUint64(n.id[8:], n.random.Uint64())
		binary.BigEndian.PutUint32(n.id[16:], uint32(i))
	}
	n.up.init(&n.peer)
	n.down.init(&n.peer)
	n.log.completed = -1
	n.awaited = n.peer.downloads() || n.peer.Reader != nil
	n.queue.owner = uint64(i)
	n.queue.push(p.Arrive, n.queue.newKey(), arrival{})
	return n
}

// addressOf returns the address of a peer: a public one in a network of its own.
func addressOf(i int) netip.AddrPort {
	return netip.AddrPortFrom(netip.AddrFrom4([4]byte{firstByte, byte(i >> 8), byte(i), 1}), 6881)
}

// firstByte is that of all addresses of peers.
const firstByte = 45

// indexOf returns the number of the peer that has an address, which must be one of addressOf.
func indexOf(a netip.Addr) int {
	b := a.As4()
	return int(b[1])<<8 | int(b[2])
}

// nodeAt returns the node that listens at an address; nil if there is none.
func (w *world) nodeAt(a netip.AddrPort) *node {
	if !a.Addr().Is4() {
		return nil
	}
	i := indexOf(a.Addr())
	if i >= len(w.nodes) || w.nodes[i].addr != a {
		return nil
	}
	return w.nodes[i]
}

// runUntil goes through all that happens to the node before a time. Of what comes at the
// same time, the queue is first and a tick last.
func (n *node) runUntil(end time.Duration) {
	for {
		queued, down, up := n.queue.nextAt(), n.down.nextAt, n.up.nextAt
		at := min(queued, down, up, n.tickAt)
		if at >= end {
			n.world.next[n.index] = at
			return
		}
		n.now = at
		switch at {
		case queued:
			n.happen(n.queue.pop())
		case down:
			n.receive()
		case up:
			n.transmit()
		default:
			n.tickAt = never
			n.apply(protocol.Tick{})
		}
	}
}

// happen carries out one event.
func (n *node) happen(do any) {
	switch do := do.(type) {
	case *packet:
		n.arrive(do)
	case protocol.Input:
		n.apply(do)
	case promised:
		n.working--
		n.apply(do.in)
	case *insertion:
		n.insert(do.end, do.bytes)
	case *dialing:
		n.accept(do)
	case *dialed:
		n.connected(do)
	case unanswered:
		n.apply(protocol.Unreached{Addr: do.addr, Why: addressbook.Failed, Err: errRefused})
	case stalled:
		n.lose(do.end)
	case found:
		n.apply(protocol.Found{Addrs: do, FromSource: true})
		n.announced()
	case announceDue:
		n.announceNow(do.event)
	case *end:
		n.lose(do)
	case violation:
		n.breakRules()
	case ack:
		n.acknowledged(do)
	case reading:
		n.advanceReader()
	case arrival:
		n.join()
	case departure:
		n.leave()
	}
}

// clock returns the time as the State sees it.
func (n *node) clock() time.Time { return n.world.start.Add(n.now) }

// join makes the State.
func (n *node) join() {
	n.log.arrived = true
	setup := protocol.Setup{
		Swarms:     []swarm.ID{{1}},
		Geometry:   &n.world.sim.Geometry,
		Config:     n.config(),
		NewPicker:  n.newPicker,
		Memory:     n.memory(),
		Port:       n.addr.Port(),
		Say:        n.say,
		Priorities: n.peer.Priorities,
		Sequential: n.peer.Sequential,
	}
	if n.peer.Seed || n.peer.Kind.claimsAll() {
		setup.Have = n.world.allPieces()
	}
	if n.peer.Seed && n.peer.Kind == Honest {
		n.log.sent.init(n.world.sim.Geometry)
	}
	n.state = protocol.New(n.clock(), setup)
	if n.peer.Leave > 0 {
		n.post(n.now+n.peer.Leave, departure{})
	}
	if n.peer.Kind.breaksRules() {
		n.post(n.now+violationEvery, violation{})
	}
	n.apply(protocol.Start{})
	n.startReading()
	if len(n.peer.Knows) > 0 {
		var known protocol.Found
		for _, i := range n.peer.Knows {
			known.Addrs = append(known.Addrs, swarm.Address{AddrPort: addressOf(i)})
		}
		n.apply(known)
	}
}

func (n *node) config() *protocol.Config {
	c := n.peer.Config
	c.PeerID = n.id
	c.UserAgent = "Shoal"
	c.Events = report.OnCompleted | report.OnPeerBanned | report.OnPieceFailed
	return &c
}

func (n *node) newPicker() swarm.Picker {
	return n.peer.NewPicker(n.world.sim.Geometry, n.random.Uint64()|1)
}

// memory opens a budget of the node's own.
func (n *node) memory() protocol.Memory {
	return memory{budget.New(n.peer.Memory).Open(
		func() { n.post(n.now, protocol.Refilled{}) },
		func() { n.post(n.now, protocol.Reclaim{}) },
	)}
}

// post has something happen to this node later.
func (n *node) post(at time.Duration, do any) { n.postTo(n, at, do) }

// postTo has something happen to a node: to another one at least one step later.
func (n *node) postTo(to *node, at time.Duration, do any) {
	n.world.add(to, at, n.queue.newKey(), do)
}

func (w *world) allPieces() swarm.Bitfield {
	all := swarm.NewBitfield(w.sim.Geometry.Pieces())
	all.SetAll(w.sim.Geometry.Pieces())
	return all
}

// leave closes the torrent. What follows from that is applied as usual.
func (n *node) leave() {
	if n.state == nil || n.leaving {
		return
	}
	n.leaving = true
	n.log.left = true
	n.stopWaiting()
	n.apply(protocol.Close{})
}

// stopWaiting says that the swarm need not go on for this peer any more.
func (n *node) stopWaiting() {
	if n.awaited {
		n.awaited = false
		n.world.awaited--
	}
}

// forget drops the State of a peer that has left, once all answers have come.
func (n *node) forget() {
	now := n.clock()
	n.state.Apply(now, protocol.Finish{})
	n.log.stats = n.state.Stats(now)
	n.state, n.ends, n.tickAt = nil, nil, never
}

// apply takes an input in and carries out the turn.
func (n *node) apply(in protocol.Input) {
	if n.state == nil {
		return
	}
	now := n.clock()
	n.state.Apply(now, in)
	n.carryOut(n.state.Settle(now))
	if n.leaving && n.open == 0 && n.working == 0 {
		n.forget()
	}
}

// carryOut does what a turn asks for.
func (n *node) carryOut(turn protocol.Turn) {
	for _, e := range turn.Effects {
		n.perform(e)
	}
	for _, o := range turn.Out {
		n.deliver(o)
	}
	n.tickAt = never
	if !turn.Next.IsZero() {
		n.tickAt = max(n.now, turn.Next.Sub(n.world.start))
	}
	n.startUplink()
}

// perform carries out an effect. Hurry, Idle and Answer need nothing: the hasher never
// waits, and nobody has asked for anything. A CheckStored never comes, because no torrent
// starts with pieces to check or fails.
func (n *node) perform(e protocol.Effect) {
	switch e := e.(type) {
	case protocol.Accept:
		n.accepted(n.end(e.Peer))
	case protocol.Hangup:
		n.closeEnd(n.end(e.Peer), e.Why)
	case protocol.Dial:
		n.dial(e.Addr)
	case protocol.Check:
		n.check(e)
	case protocol.Spill:
		n.spill(e)
	case protocol.Complete:
		n.post(n.now, protocol.Synced{})
	case protocol.Announce:
		n.announce(e)
	case protocol.Report:
		n.report(e.Event)
	}
}

// report takes notes of an event.
func (n *node) report(e protocol.Event) {
	switch e := e.(type) {
	case report.Completed:
		if n.log.completed >= 0 {
			return
		}
		n.log.completed = n.now
		if n.reader == nil || n.reader.Stop == 0 {
			n.stopWaiting()
		}
		if n.peer.Linger > 0 {
			n.post(n.now+n.peer.Linger, departure{})
		}
	case report.PeerBanned:
		n.log.bans++
		if n.peer.Kind == Honest {
			n.world.nodes[indexOf(e.Addr)].log.bannedBy++
		}
	case report.PieceFailed:
		n.log.wrongPieces++
	}
}
