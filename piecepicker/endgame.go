package piecepicker

import (
	"cmp"
	"slices"
	"time"

	"github.com/shoal-bt/shoal/swarm"
)

// EndGame reports whether the end game is on: a block of a wanted piece is requested
// and has not arrived, and every other missing block of wanted pieces is requested too,
// unless no peer has it. While it is on, endGamePicks requests blocks from further peers,
// because the last blocks could otherwise wait for slow peers
// (https://www.bittorrent.org/beps/bep_0003.html#peer-messages). Which blocks it requests
// is up to Config.EndGame. At other times only late blocks of pieces with a deadline are
// requested twice: see duplicateLate.
func (p *Picker) EndGame() bool {
	if p.board.askable() > 0 {
		return false
	}
	for _, t := range p.partials {
		if t.hasRequests() && p.wanted.Has(int(t.piece)) {
			return true
		}
	}
	return false
}

// endGamePicks picks blocks that are requested from other peers, if the end game is on.
func (k *pick) endGamePicks() {
	p := k.p
	if k.blocksLeft == 0 || k.ask.Exclusive || !p.EndGame() {
		return
	}
	found := p.candidates[:0]
	for _, t := range p.partials {
		piece := int(t.piece)
		allowed := k.ask.Only == nil || slices.Contains(k.ask.Only, piece)
		if !t.hasRequests() || !k.offers(piece) || !allowed {
			continue
		}
		for n := range t.blocks {
			if t.blocks[n].state == requested && !t.requestedFrom(n, k.r.id) {
				if rank, ok := p.endGame.Again(k.describe(t, n)); ok {
					found = append(found, candidate{rank, t, n})
				}
			}
		}
	}
	p.candidates = found
	for k.blocksLeft > 0 && len(found) > 0 {
		best := 0
		for i := range found {
			if found[i].before(&found[best]) {
				best = i
			}
		}
		c := found[best]
		found[best] = found[len(found)-1]
		found = found[:len(found)-1]
		if _, ok := p.endGame.Again(k.describe(c.partial, c.block)); ok {
			k.addExtra(c.partial, c.block)
		}
	}
	clear(p.candidates)
}

// A candidate is a requested block that may be requested from one more peer.
type candidate struct {
	rank    int64
	partial *partial
	block   int
}

// before reports whether c is requested before d. Peers send blocks in the order of the
// requests, so blocks that were requested last take longest to arrive.
func (c *candidate) before(d *candidate) bool {
	if c.rank != d.rank {
		return c.rank > d.rank
	}
	if c.partial != d.partial {
		return c.partial.begun > d.partial.begun
	}
	return c.block > d.block
}

// describe returns what an EndGame sees of block n.
func (k *pick) describe(t *partial, n int) Requested {
	return Requested{
		Block:      t.block(n),
		Peers:      1 + int(t.blocks[n].extras),
		Due:        time.Duration(t.dueAt(n) - k.now),
		Delay:      k.ask.Delay,
		Duplicates: k.r.duplicates,
	}
}

// addExtra picks a block that is requested from another peer.
func (k *pick) addExtra(t *partial, n int) {
	b := &t.blocks[n]
	if b.extras == maxExtras {
		return
	}
	b.extras++
	t.extraRequests = append(t.extraRequests, extraRequest{block: int32(n), serial: k.r.serial, peer: k.r.id, dueAt: k.dueAt})
	k.blocksLeft--
	k.dueAt += int64(k.ask.Each)
	k.r.serial++
	k.r.requests++
	k.r.duplicates++
	k.dst = append(k.dst, t.block(n))
}

// An EndGame chooses which blocks to request from one more peer while the end game is on.
// A Picker calls it one call at a time. Its answers must depend on nothing but a.
type EndGame interface {
	// Again reports whether to request a block from one more peer, and its
	// rank: the highest rank comes first, and of equal ranks the last block of
	// the piece that was begun last.
	Again(a Requested) (rank int64, ok bool)
}

// A Requested is a block that is requested from other peers and has not arrived.
type Requested struct {
	Block      swarm.Block
	Peers      int           // number of peers that it is requested from
	Due        time.Duration // until the first of them should have sent it; negative if it is late
	Delay      time.Duration // until it would arrive from the peer in question
	Duplicates int           // open requests to that peer for blocks requested before from others
}

// Duplicates is the default EndGame. It prefers the blocks that are requested from the
// fewest peers, and among them those that are due last. It requests a block from a third
// peer only if that one should be faster, or if all are late.
type Duplicates struct {
	// Peers is the number of peers that a block is requested from at most,
	// including the first. Zero means 3, a negative number means no limit.
	Peers int

	// Each is the number of open requests that a peer has at most for blocks
	// that were requested before from others. Zero means 4, a negative number
	// means no limit.
	Each int
}

// Again reports whether a is within the limits.
func (d Duplicates) Again(a Requested) (int64, bool) {
	maxPeers, maxEach := cmp.Or(d.Peers, 3), cmp.Or(d.Each, 4)
	enoughPeers := maxPeers >= 0 && a.Peers >= maxPeers
	enoughBlocks := maxEach >= 0 && a.Duplicates >= maxEach
	slower := a.Due > 0 && a.Delay >= a.Due
	if enoughPeers || enoughBlocks || (a.Peers > 1 && slower) {
		return 0, false
	}
	return int64(min(max(a.Due, -maxDue), maxDue)) - int64(a.Peers)<<50, true
}

// maxDue limits Due in the rank, so that the number of peers always counts more.
const maxDue = 100 * time.Hour

// NoDuplicates is an EndGame that requests no block twice.
type NoDuplicates struct{}

// Again returns false.
func (NoDuplicates) Again(Requested) (int64, bool) { return 0, false }
