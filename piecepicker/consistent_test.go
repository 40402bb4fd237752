package piecepicker

import (
	"math/bits"
	"testing"
	"time"

	"github.com/shoal-bt/shoal/swarm"
	"github.com/shoal-bt/shoal/swarm/pickertest"
)

// A careful picker recounts, after every call that changes something, whatever the picker
// stores in two places.
type careful struct {
	*Picker
	t *testing.T
}

func (c careful) Join(p swarm.Peer, have swarm.Bitfield) {
	c.Picker.Join(p, have)
	c.recount()
}

func (c careful) Have(p swarm.Peer, piece int, has bool) {
	c.Picker.Have(p, piece, has)
	c.recount()
}

func (c careful) Leave(p swarm.Peer) {
	c.Picker.Leave(p)
	c.recount()
}

func (c careful) Pick(dst []swarm.Block, a swarm.Ask) []swarm.Block {
	defer c.recount()
	return c.Picker.Pick(dst, a)
}

func (c careful) Drop(p swarm.Peer, b swarm.Block) {
	c.Picker.Drop(p, b)
	c.recount()
}

func (c careful) Arrive(dst []swarm.Peer, p swarm.Peer, b swarm.Block) ([]swarm.Peer, bool) {
	defer c.recount()
	return c.Picker.Arrive(dst, p, b)
}

func (c careful) Held(piece int) {
	c.Picker.Held(piece)
	c.recount()
}

func (c careful) Lose(piece int, blocks []int) {
	c.Picker.Lose(piece, blocks)
	c.recount()
}

func (c careful) SetPriority(piece, priority int) {
	c.Picker.SetPriority(piece, priority)
	c.recount()
}

func (c careful) SetDeadline(piece int, t time.Time) {
	c.Picker.SetDeadline(piece, t)
	c.recount()
}

func equal[T comparable](c careful, got, want T, what string, of int) {
	if got != want {
		c.t.Helper()
		c.t.Fatalf("%s %d: kept %v, counted %v", what, of, got, want)
	}
}

func (c careful) recount() {
	c.t.Helper()
	p := c.Picker
	free, levels, open := map[int32]int{}, [maxPriority + 1]int{}, 0
	for i := range p.board.pieces {
		has := 0
		for _, r := range p.peers {
			if r.has.Has(i) {
				has++
			}
		}
		equal(c, p.Availability(i), has, "peers that have piece", i)
		part := p.partial(i)
		wanted := p.board.Priority(i) > 0 && !p.held.Has(i) && !p.allPad(i)
		equal(c, p.wanted.Has(i), wanted, "wanted, piece", i)
		equal(c, p.board.fresh.Has(i), wanted && part == nil, "fresh, piece", i)
		if p.board.fresh.Has(i) {
			free[p.board.key(i)]++
			levels[p.board.Priority(i)]++
		}
		if part != nil {
			equal(c, part.openIndex >= 0, wanted && part.free > 0, "open, piece", i)
			if part.openIndex >= 0 {
				free[p.board.key(i)]++
				open++
				equal(c, p.open[part.openIndex], part, "place among the open, piece", i)
			}
		}
	}
	sum := 0
	for i, n := range p.board.askableByKey.cells {
		key := p.board.askableByKey.low + int32(i)
		equal(c, int(n), free[key], "pieces to ask for with key", int(key))
		sum += int(n)
	}
	equal(c, p.board.askableCount, sum, "pieces to ask for, all", 0)
	equal(c, p.board.freshByPriority, levels, "fresh pieces by priority", 0)
	equal(c, len(p.open), open, "open pieces", 0)
	c.recountParts()
	c.recountOrder()
}

func (c careful) recountParts() {
	c.t.Helper()
	p := c.Picker
	requests, twice := map[swarm.Peer]int{}, map[swarm.Peer]int{}
	for at, part := range p.partials {
		equal(c, int(part.index), at, "place of piece", int(part.piece))
		equal(c, p.partial(int(part.piece)), part, "slot of piece", int(part.piece))
		var unasked, missing, more int32
		for n, b := range part.blocks {
			switch b.state {
			case free:
				unasked++
				missing++
				if n < int(part.freeFrom) {
					c.t.Fatalf("block %d of piece %d is free, and before the next one, %d", n, part.piece, part.freeFrom)
				}
			case requested:
				missing++
				requests[b.peer]++
				more += int32(b.extras)
			}
		}
		for _, m := range part.extraRequests {
			requests[m.peer]++
			twice[m.peer]++
		}
		equal(c, part.free, unasked, "free blocks of piece", int(part.piece))
		equal(c, part.missing, missing, "missing blocks of piece", int(part.piece))
		equal(c, int32(len(part.extraRequests)), more, "further requests for piece", int(part.piece))
		equal(c, part.untouched(), false, "a partial without need, of piece", int(part.piece))
	}
	for id, r := range p.peers {
		equal(c, r.requests, requests[id], "requests to peer", int(id))
		equal(c, r.duplicates, twice[id], "second requests to peer", int(id))
		delete(requests, id)
	}
	equal(c, len(requests), 0, "peers that left and are asked", 0)
}

func (c careful) recountOrder() {
	c.t.Helper()
	p := c.Picker
	r, ok := p.order.(*Rarest)
	if !ok || !p.started {
		return
	}
	pieces := 0
	for priority := range r.byPriority {
		s := &r.byPriority[priority]
		sum := 0
		for i, bucket := range s.byKey.cells {
			sum += len(bucket)
			for at, piece := range bucket {
				equal(c, int(r.position[piece]), at, "place in its bucket of piece", int(piece))
				equal(c, p.board.key(int(piece)), s.byKey.low+int32(i), "key of piece", int(piece))
				equal(c, p.board.Priority(int(piece)), priority, "priority of piece", int(piece))
				if p.board.key(int(piece)) < s.low {
					c.t.Fatalf("piece %d has a key of %d, less than the lowest, %d", piece, p.board.key(int(piece)), s.low)
				}
			}
		}
		equal(c, s.count, sum, "in the order, pieces of priority", priority)
		pieces += sum
	}
	equal(c, pieces, p.board.fresh.Len(), "pieces in the order", 0)
	ones := 0
	for _, word := range p.board.fresh.Words() {
		ones += bits.OnesCount64(word)
	}
	equal(c, p.board.fresh.Len(), ones, "fresh pieces", 0)
}

func FuzzRarest(f *testing.F) {
	pickertest.Fuzz(f, func(t *testing.T, g swarm.Geometry) swarm.Picker {
		return careful{NewRarest(g, Config{Seed: 1}), t}
	})
}

func FuzzSequential(f *testing.F) {
	pickertest.Fuzz(f, func(t *testing.T, g swarm.Geometry) swarm.Picker {
		return careful{NewSequential(g, Config{Queue: OldestFirst{}, EndGame: Duplicates{Peers: -1, Each: -1}}), t}
	})
}
