package protocol

import (
	"slices"
	"time"

	"github.com/shoal-bt/shoal/peerwire"
	"github.com/shoal-bt/shoal/protocol/choking"
	"github.com/shoal-bt/shoal/swarm"
)

// A Choker chooses whom we upload to; see package choking.
type Choker = choking.Choker

// A PeerRate is what a Choker may know about one interested peer.
type PeerRate = choking.PeerRate

// NewTitForTat returns the default Choker.
func NewTitForTat() Choker { return choking.NewTitForTat() }

const (
	// chokeEvery is the time between rounds of the Choker: a peer keeps its state for
	// ten seconds (https://www.bittorrent.org/beps/bep_0003.html, "peer messages").
	chokeEvery = 10 * time.Second
	chokeDelay = 100 * time.Millisecond
)

// chokeRounds is when the Choker is asked, and what it is asked with.
type chokeRounds struct {
	choker  Choker
	at      time.Time // when it is asked next; zero for never
	roundAt time.Time // of the next round, in which all slots go by rate
	rates   []PeerRate
	chosen  []swarm.Peer
}

func (c *chokeRounds) nextDeadline() time.Time { return c.at }

// scheduleChoke has the Choker asked after a moment, so that peers that come together
// are compared with each other.
func (s *State) scheduleChoke(now time.Time) {
	s.chokes.at = earlier(s.chokes.at, now.Add(chokeDelay))
}

// scheduleChokeIfFree has the Choker asked soon if a slot is free. Otherwise the
// newcomer waits for the next round, because a peer that repeats its interest must not
// displace others.
func (s *State) scheduleChokeIfFree(now time.Time) {
	taken := 0
	for _, p := range s.order {
		if !p.amChoking {
			taken++
		}
	}
	if s.config.UploadSlots < 0 || taken < s.config.UploadSlots || s.chokes.at.IsZero() {
		s.scheduleChoke(now)
	}
}

// rechoke asks the Choker and tells the peers what it said
// (https://www.bittorrent.org/beps/bep_0003.html, "peer protocol": choking).
func (s *State) rechoke(now time.Time) {
	c := &s.chokes
	c.at = time.Time{}
	if !s.Running() {
		return
	}
	c.rates = c.rates[:0]
	for _, p := range s.order {
		if p.interested && !p.closing && !(s.complete() && p.has.All(s.n)) {
			c.rates = append(c.rates, s.rateOf(now, p))
		}
	}
	if len(c.rates) == 0 {
		return
	}
	if c.choker == nil {
		c.choker = s.config.NewChoker()
	}
	c.chosen = c.choker.Unchoke(c.chosen[:0], now, c.rates, s.config.UploadSlots, s.complete())
	chosen := make(map[swarm.Peer]bool, len(c.chosen))
	for _, id := range c.chosen {
		chosen[id] = true
	}
	for _, p := range s.order {
		if p.interested && !p.closing {
			s.setChoke(now, p, !chosen[p.id])
		}
	}
	c.scheduleNext(now)
}

// scheduleNext sets when the Choker is asked again: in the next round, or soon if a peer
// may turn out to leave its slot unused while others wait.
func (c *chokeRounds) scheduleNext(now time.Time) {
	if !c.roundAt.After(now) {
		c.roundAt = now.Add(chokeEvery)
	}
	c.at = c.roundAt
	othersWait := len(c.chosen) < len(c.rates)
	isNew := func(r PeerRate) bool { return r.Unchoked.IsZero() && slices.Contains(c.chosen, r.Peer) }
	soon := now.Add(choking.UnusedTime)
	if othersWait && soon.Before(c.at) && slices.ContainsFunc(c.rates, isNew) {
		c.at = soon
	}
}

// rateOf returns what the Choker may know about a peer.
func (s *State) rateOf(now time.Time, p *peer) PeerRate {
	p.down.Read(now, p.tally.Down.Load())
	p.up.Read(now, p.tally.Up.Load())
	r := PeerRate{
		Peer:    p.id,
		Joined:  p.joinedAt,
		Down:    p.down.Rate(),
		Up:      p.up.Rate(),
		Snubbed: p.pace.Snubbed(),
	}
	if s.n > 0 {
		r.Has = float64(p.has.Count()) / float64(s.n)
	}
	if !p.amChoking {
		r.Unchoked, r.SentSince, r.Queued = p.unchokedAt, p.tally.Up.Load()-p.upAtUnchoke, p.tally.Queued()
	}
	return r
}

// setChoke tells the peer whether it may request blocks, if that changed. A choked
// peer's requests are dropped, with a reject for each if both speak the fast extension
// (https://www.bittorrent.org/beps/bep_0006.html).
func (s *State) setChoke(now time.Time, p *peer, choke bool) {
	if p.amChoking == choke {
		return
	}
	p.amChoking = choke
	if !choke {
		p.unchokedAt, p.upAtUnchoke, p.refusedByUs = now, p.tally.Up.Load(), 0
		s.send(now, p, peerwire.Message{Kind: peerwire.Unchoke})
		return
	}
	s.send(now, p, peerwire.Message{Kind: peerwire.Choke})
	for _, b := range p.out.Serve {
		s.withdraw(now, p, b)
	}
	p.out.Serve, p.out.Cancel, p.out.Clear = p.out.Serve[:0], p.out.Cancel[:0], true
}

// receiveInterest follows whether the peer wants our pieces.
func (s *State) receiveInterest(now time.Time, p *peer, interested bool) {
	p.allowance.Spend(1)
	if p.interested == interested {
		return
	}
	p.interested, p.lastInterest = interested, now
	if interested {
		s.scheduleChokeIfFree(now)
	} else if !p.amChoking {
		s.setChoke(now, p, true)
		s.scheduleChoke(now)
	}
}
