package swarmsim

import (
	"math/rand/v2"
	"slices"
	"time"

	"github.com/shoal-bt/shoal/peerwire"
	"github.com/shoal-bt/shoal/protocol"
	"github.com/shoal-bt/shoal/swarm"
)

// What follows are the ways to break the rules. A peer that says it has every piece
// starts its State with all of them; wrong bytes and withheld blocks are made in link.go.

const (
	violationEvery = 250 * time.Millisecond
	floodMessages  = 50 // to each connection every violationEvery
	reconnectAfter = time.Second
	socketBuffers  = 256 << 10         // bytes that are sent to a peer that reads nothing
	writeTimeout   = 120 * time.Second // for a peer that takes nothing, as in package engine
)

// unchokeNone is a Choker that unchokes nobody.
type unchokeNone struct{}

// Unchoke implements protocol.Choker.
func (unchokeNone) Unchoke(dst []swarm.Peer, _ time.Time, _ []protocol.PeerRate, _ int, _ bool) []swarm.Peer {
	return dst
}

// sendFalseHaves says of half the missing pieces that they are there, if that is what the
// peer does.
func (n *node) sendFalseHaves(e *end) {
	if n.peer.Kind != FalseHaves {
		return
	}
	var b []byte
	for i := range n.world.sim.Geometry.Pieces() {
		if n.random.IntN(2) == 0 && !n.state.Holds(i) {
			b = peerwire.Message{Kind: peerwire.Have, Piece: i}.AppendTo(b)
		}
	}
	// A HAVE may not come before the first bitfield.
	n.post(n.now+violationEvery, &insertion{e, b})
}

// An insertion is messages that the State knows nothing of.
type insertion struct {
	end   *end
	bytes []byte
}

// insert sends messages that the State knows nothing of.
func (n *node) insert(e *end, b []byte) {
	if e.closed || n.state == nil {
		return
	}
	e.line.Deliver(&protocol.Outbox{Bytes: b})
	n.queueUrgent(e)
	n.startUplink()
}

// breakRules is called every violationEvery for those kinds that break rules all the time.
func (n *node) breakRules() {
	if n.state == nil || n.leaving {
		return
	}
	n.post(n.now+violationEvery, violation{})
	for _, e := range slices.Clone(n.ends) {
		if e == nil || !e.accepted || e.closed {
			continue
		}
		switch n.peer.Kind {
		case UnaskedBlocks:
			e.unasked = 1
			n.queueBulk(e)
		case Flooder, NonReader:
			n.sendBurst(e)
		case Reconnecter:
			if n.now-e.joinedAt >= reconnectAfter {
				n.lose(e)
			}
		}
	}
	if n.peer.Kind == Reconnecter || n.peer.Kind == Quitter {
		n.dial(n.world.nodes[n.random.IntN(len(n.world.nodes))].addr)
	}
	n.startUplink()
}

// sendBurst sends what a peer floods others with, once the last burst has left.
func (n *node) sendBurst(e *end) {
	if e.line.Unsent() > 0 {
		return
	}
	messages := n.peer.Flood(Burst{
		Number:     e.bursts,
		Geometry:   n.world.sim.Geometry,
		Random:     n.random,
		Choked:     !e.unchoked,
		Extensions: e.extensions,
	})
	e.bursts++
	n.insert(e, messages)
}

// overhear notes what a Burst must know.
func (n *node) overhear(e *end, m *peerwire.Message) {
	if n.peer.Kind != Flooder && n.peer.Kind != NonReader {
		return
	}
	switch m.Kind {
	case peerwire.Choke, peerwire.Unchoke:
		e.unchoked = m.Kind == peerwire.Unchoke
	case peerwire.Extended:
		if m.ExtID == 0 {
			hello, _ := peerwire.ParseExtendedHandshake(m.Data) // of a State
			e.extensions = hello.M
		}
	}
}

// smallMessages returns small messages that cost the reader most: requests, repeated HAVEs
// and changes of interest.
func smallMessages(b Burst) (out []byte) {
	for i := range floodMessages {
		m := peerwire.Message{Kind: peerwire.Request, Block: randomBlock(b.Random, b.Geometry)}
		switch i % 5 {
		case 1:
			m = peerwire.Message{Kind: peerwire.Cancel, Block: m.Block}
		case 2:
			m = peerwire.Message{Kind: peerwire.Have, Piece: m.Block.Piece}
		case 3:
			m = peerwire.Message{Kind: peerwire.Interested}
		case 4:
			m = peerwire.Message{Kind: peerwire.NotInterested}
		}
		out = m.AppendTo(out)
	}
	return out
}

// manyRequests returns the requests of a NonReader, as many as may wait.
func manyRequests(b Burst) (out []byte) {
	if b.Choked || b.Number > 1000 {
		return nil
	}
	for range floodMessages {
		m := peerwire.Message{Kind: peerwire.Request, Block: randomBlock(b.Random, b.Geometry)}
		out = m.AppendTo(out)
	}
	return out
}

func randomBlock(random *rand.Rand, g swarm.Geometry) swarm.Block {
	piece := random.IntN(g.Pieces())
	return g.Block(piece, random.IntN(g.BlockCount(piece)))
}

func (n *node) randomBlock() swarm.Block { return randomBlock(n.random, n.world.sim.Geometry) }

// shownID returns the peer id that the node shows when it dials: a Reconnecter shows that of
// any peer.
func (n *node) shownID() swarm.PeerID {
	if n.peer.Kind != Reconnecter {
		return n.id
	}
	return n.world.nodes[n.random.IntN(len(n.world.nodes))].id
}

// quit ends a Quitter's connection after half a piece.
func (n *node) quit(e *end) {
	if n.peer.Kind != Quitter {
		return
	}
	e.sent++
	if e.sent >= max(1, n.world.sim.Geometry.BlockCount(0)/2) {
		n.post(n.now, e)
	}
}

// A stalled end sends nothing any more, because the other side takes nothing.
type stalled struct{ end *end }

// noteTaken counts a block that left for a NonReader. What it does not take fills the
// buffers of both systems, and then the end is stalled.
func (n *node) noteTaken(e *end, p *packet) {
	if e.remote.node.peer.Kind != NonReader {
		return
	}
	e.untaken += p.size()
	if e.untaken >= socketBuffers && !e.isStalled {
		e.isStalled = true
		n.post(n.now+writeTimeout, stalled{e})
	}
}
