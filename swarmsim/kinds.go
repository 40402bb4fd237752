package swarmsim

import (
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
	for _, e := range n.ends {
		switch {
		case e == nil || !e.accepted || e.closed:
		case n.peer.Kind == UnaskedBlocks:
			e.unasked = 1
			n.queueBulk(e)
		case n.peer.Kind == Flooder && e.line.Unsent() == 0:
			n.insert(e, n.flood())
		}
	}
	n.startUplink()
}

// flood returns small messages that cost the reader most: requests, repeated HAVEs and
// changes of interest.
func (n *node) flood() (b []byte) {
	for i := range floodMessages {
		m := peerwire.Message{Kind: peerwire.Request, Block: n.randomBlock()}
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
		b = m.AppendTo(b)
	}
	return b
}

func (n *node) randomBlock() swarm.Block {
	g := n.world.sim.Geometry
	piece := n.random.IntN(g.Pieces())
	return g.Block(piece, n.random.IntN(g.BlockCount(piece)))
}
