package main

import (
	"time"

	"github.com/shoal-bt/shoal/protocol"
	"github.com/shoal-bt/shoal/swarm"
)

const (
	// atATime is how many pieces that it does not have a peer is shown.
	atATime = 4

	// patience is how long a peer may take for these until it is shown one more.
	patience = 10 * time.Second
)

// fewAtATime is a revealer, the third of the classes: a seed with one shows each peer a few pieces
// that others were not shown before, so that peers have something to trade.
type fewAtATime struct {
	pieces  int
	next    int // piece to show, to whomever it is
	viewers map[swarm.Peer]*viewer
}

// A viewer is a peer, and what it was shown.
type viewer struct {
	shown  swarm.Bitfield
	lastAt time.Time // when it was shown a piece last
}

func newFewAtATime(pieces int, _ uint64) protocol.Revealer {
	return &fewAtATime{pieces: pieces, viewers: make(map[swarm.Peer]*viewer)}
}

// Reveal implements protocol.Revealer, as do Seen and Leave.
func (f *fewAtATime) Reveal(dst []int, now time.Time, to swarm.Peer, have swarm.Bitfield) []int {
	v := f.viewers[to]
	if v == nil {
		v = &viewer{shown: swarm.NewBitfield(f.pieces)}
		f.viewers[to] = v
	}
	open := 0
	for i := range f.pieces {
		if v.shown.Has(i) && !have.Has(i) {
			open++
		}
	}
	if open >= atATime && now.Sub(v.lastAt) >= patience {
		open = atATime - 1
	}
	for range f.pieces {
		if open >= atATime {
			break
		}
		piece := f.next
		f.next = (f.next + 1) % f.pieces
		if have.Has(piece) || v.shown.Has(piece) {
			continue
		}
		v.shown.Set(piece)
		v.lastAt = now
		dst = append(dst, piece)
		open++
	}
	return dst
}

func (f *fewAtATime) Seen(time.Time, swarm.Peer, int) {}

func (f *fewAtATime) Leave(p swarm.Peer) { delete(f.viewers, p) }
