package protocol

import (
	"time"

	"github.com/shoal-bt/shoal/peerwire"
	"github.com/shoal-bt/shoal/protocol/choking"
)

// A Choker chooses whom we upload to; see package choking.
type Choker = choking.Choker

// A PeerRate is what a Choker may know about one interested peer.
type PeerRate = choking.PeerRate

// NewTitForTat returns the default Choker.
func NewTitForTat() Choker { return choking.NewTitForTat() }

// scheduleChoke has the Choker asked after a moment, so that peers that come together
// are compared with each other.
func (s *State) scheduleChoke(now time.Time) { s.chokes.Soon(now) }

// scheduleChokeIfFree has the Choker asked soon if a slot is free. Otherwise the
// newcomer waits for the next round, because a peer that repeats its interest must not
// displace others.
func (s *State) scheduleChokeIfFree(now time.Time) {
	taken := 0
	for _, p := range s.order {
		if !p.AmChoking {
			taken++
		}
	}
	if s.config.UploadSlots < 0 || taken < s.config.UploadSlots || s.chokes.Due().IsZero() {
		s.scheduleChoke(now)
	}
}

// rechoke asks the Choker and tells the peers what it said
// (https://www.bittorrent.org/beps/bep_0003.html, "peer protocol": choking).
func (s *State) rechoke(now time.Time) {
	s.chokes.Stop()
	if !s.Running() {
		return
	}
	rates := s.chokes.Rates()
	for _, p := range s.order {
		if p.Interested && !p.Closing && !s.isUseless(p) {
			rates = append(rates, p.ChokeRate(now, s.n))
		}
	}
	if len(rates) == 0 {
		return
	}
	chosen := s.chokes.Choose(now, s.config.NewChoker, rates, s.config.UploadSlots, s.wantsNothing())
	for _, p := range s.order {
		if p.Interested && !p.Closing {
			s.setChoke(now, p, !chosen[p.ID])
		}
	}
}

// setChoke tells the peer whether it may request blocks, if that changed. A choked
// peer's requests are dropped, with a reject for each if both speak the fast extension
// (https://www.bittorrent.org/beps/bep_0006.html).
func (s *State) setChoke(now time.Time, p *peer, choke bool) {
	if p.AmChoking == choke {
		return
	}
	p.AmChoking = choke
	if !choke {
		p.UnchokedAt, p.UpAtUnchoke, p.RefusedByUs = now, p.Tally.Up.Load(), 0
		s.send(now, p, peerwire.Message{Kind: peerwire.Unchoke})
		return
	}
	s.send(now, p, peerwire.Message{Kind: peerwire.Choke})
	for _, b := range p.Out.Serve {
		s.withdraw(now, p, b)
	}
	p.Out.Serve, p.Out.Cancel, p.Out.Clear = p.Out.Serve[:0], p.Out.Cancel[:0], true
}

// receiveInterest follows whether the peer wants our pieces. Answers to our HAVEs cost it
// nothing. What a HAVE allows pays for nothing else: short pieces that come fast would
// otherwise pay for a flood.
func (s *State) receiveInterest(now time.Time, p *peer, interested bool) {
	if p.Answers > 0 {
		p.Answers--
	} else {
		p.Allowance.Spend(1)
	}
	if p.Interested == interested {
		return
	}
	p.Interested, p.LastInterest = interested, now
	if interested {
		s.scheduleChokeIfFree(now)
	} else if !p.AmChoking {
		s.setChoke(now, p, true)
		s.scheduleChoke(now)
	}
}
