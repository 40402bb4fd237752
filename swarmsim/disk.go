package swarmsim

import (
	"time"

	"github.com/shoal-bt/shoal/protocol"
	"github.com/shoal-bt/shoal/swarm"
)

// A disk is a hasher and a disk, which do one thing after the other.
type disk struct {
	hashedAt time.Duration            // when the hasher is free
	freeAt   time.Duration            // when the disk is
	wrong    map[swarm.Block]struct{} // spilled blocks with wrong bytes; nil for none
}

// use has the disk read or write bytes, and returns when that is done.
func (d *disk) use(n *node, bytes int) time.Duration {
	d.freeAt = max(d.freeAt, n.now) + transferTime(bytes, n.peer.DiskRate)
	return d.freeAt
}

// answer has an input applied that was promised to the State: of hasher or disk, or the
// Gone after a Hangup.
func (n *node) answer(at time.Duration, in protocol.Input) {
	n.working++
	n.post(at, promised{in})
}

// A promised is an Input that was promised to the State.
type promised struct{ in protocol.Input }

// check hashes a piece, and writes it if its bytes are right.
func (n *node) check(c protocol.Check) {
	g, d := n.world.sim.Geometry, &n.disk
	length := g.PieceLen(c.Piece)
	r := protocol.CheckResult{Piece: c.Piece, Serial: c.Serial, From: c.From, Blocks: c.Blocks, OK: true}
	sums := make([]uint64, len(c.Blocks))
	at := n.now
	for k, buf := range c.Blocks {
		b := g.Block(c.Piece, c.From+k)
		isWrong := n.world.content.isWrong(buf)
		if buf == nil {
			_, isWrong = d.wrong[b]
			at = d.use(n, b.Length)
		}
		delete(d.wrong, b)
		sums[k] = sum(isWrong)
		r.OK = r.OK && !isWrong
	}
	if c.Sums || !r.OK {
		r.Sums = sums
	}
	d.hashedAt = max(d.hashedAt, at) + transferTime(length, n.peer.HashRate)
	at = d.hashedAt
	if r.OK {
		at = max(at, d.use(n, length))
	}
	n.answer(at, r)
}

// spill writes blocks of a piece that is not complete.
func (n *node) spill(s protocol.Spill) {
	g, d, bytes := n.world.sim.Geometry, &n.disk, 0
	for i, k := range s.Numbers {
		b := g.Block(s.Piece, k)
		bytes += b.Length
		if n.world.content.isWrong(s.Bufs[i]) {
			if d.wrong == nil {
				d.wrong = make(map[swarm.Block]struct{})
			}
			d.wrong[b] = struct{}{}
		} else {
			delete(d.wrong, b)
		}
	}
	n.answer(d.use(n, bytes), protocol.Written{Piece: s.Piece, Serial: s.Serial, Numbers: s.Numbers, Bufs: s.Bufs})
}
