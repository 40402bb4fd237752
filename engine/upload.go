package engine

import (
	"slices"
	"time"

	"github.com/shoal-bt/shoal/peerwire"
	"github.com/shoal-bt/shoal/swarm"
)

const (
	chokeEvery = 10 * time.Second // between rounds of the Choker
	chokeDelay = 100 * time.Millisecond
)

// chokeSoon has the Choker called, a moment later so that those who come together
// are chosen among together.
func (s *state) scheduleChoke(now time.Time) {
	if t := now.Add(chokeDelay); s.chokeAt.IsZero() || s.chokeAt.After(t) {
		s.chokeAt = t
	}
}

// chokeIfFree has the Choker called soon if a slot is free. Otherwise the newcomer
// waits for the next round: one that asks again and again must not turn others out.
func (s *state) scheduleChokeIfFree(now time.Time) {
	taken := 0
	for _, p := range s.order {
		if !p.amChoking {
			taken++
		}
	}
	if s.cfg.UploadSlots < 0 || taken < s.cfg.UploadSlots || s.chokeAt.IsZero() {
		s.scheduleChoke(now)
	}
}

// rechoke asks the Choker and tells the peers what it said.
func (s *state) rechoke(now time.Time) {
	s.chokeAt = time.Time{}
	if !s.active() {
		return
	}
	s.rates = s.rates[:0]
	for _, p := range s.order {
		if !p.interested || p.closing || s.complete() && p.isSeed(s.n) {
			continue
		}
		p.down.read(now, p.tally.down.Load())
		p.up.read(now, p.tally.up.Load())
		r := PeerRate{Peer: p.id, Joined: p.joinedAt, Down: p.down.flow.Rate, Up: p.up.flow.Rate, Snubbed: p.pace.snubbed}
		if s.n > 0 {
			r.Has = float64(p.haveN) / float64(s.n)
		}
		if !p.amChoking {
			r.Unchoked, r.SentSince = p.unchokedAt, p.tally.up.Load()-p.upAtUnchoke
		}
		s.rates = append(s.rates, r)
	}
	if len(s.rates) == 0 {
		return
	}
	if s.choker == nil {
		s.choker = s.cfg.NewChoker()
	}
	s.chosen = s.choker.Unchoke(s.chosen[:0], now, s.rates, s.cfg.UploadSlots, s.complete())
	chosen := make(map[swarm.Peer]bool, len(s.chosen))
	for _, id := range s.chosen {
		chosen[id] = true
	}
	for _, p := range s.order {
		if p.interested && !p.closing {
			s.setChoke(now, p, !chosen[p.id])
		}
	}
	s.chokeAt = now.Add(chokeEvery)
}

// setChoke tells the peer whether it may request blocks, if that changed.
func (s *state) setChoke(now time.Time, p *peerState, choke bool) {
	if p.amChoking == choke {
		return
	}
	p.amChoking = choke
	if !choke {
		p.unchokedAt, p.upAtUnchoke, p.refusedByUs = now, p.tally.up.Load(), 0
		s.send(now, p, peerwire.Message{Kind: peerwire.Unchoke})
		return
	}
	s.send(now, p, peerwire.Message{Kind: peerwire.Choke})
	for _, b := range p.serve {
		s.rejectServe(now, p, b)
	}
	p.serve, p.cancel, p.clear = p.serve[:0], p.cancel[:0], true
}

// receiveCancel takes a block off the list of those to send, here or with the writer.
func (s *state) receiveCancel(now time.Time, p *peerState, b swarm.Block) {
	if i := slices.Index(p.serve, b); i >= 0 {
		p.serve = slices.Delete(p.serve, i, i+1)
		s.rejectServe(now, p, b)
		return
	}
	p.cancel = append(p.cancel, b)
	s.markDirty(p)
}

// unserve says of a block that never got to the writer that it will not be sent.
func (s *state) rejectServe(now time.Time, p *peerState, b swarm.Block) {
	p.tally.queued.Add(-1)
	if p.fast {
		s.send(now, p, peerwire.Message{Kind: peerwire.Reject, Block: b})
	}
}

func (s *state) sendHave(now time.Time, p *peerState, piece int) {
	s.send(now, p, peerwire.Message{Kind: peerwire.Have, Piece: piece})
}
