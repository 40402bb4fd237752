package choking

import (
	"slices"
	"time"

	"github.com/shoal-bt/shoal/swarm"
)

const (
	// roundEvery is the time between rounds of the Choker: a peer keeps its state for
	// ten seconds (https://www.bittorrent.org/beps/bep_0003.html, "peer messages").
	roundEvery = 10 * time.Second
	joinDelay  = 100 * time.Millisecond
)

// Rounds is when a torrent's Choker is asked, and what it is asked with. The zero Rounds
// has no Choker yet, and no round is due.
type Rounds struct {
	choker  Choker
	at      time.Time // when it is asked next; zero for never
	roundAt time.Time // of the next round, in which all slots go by rate
	rates   []PeerRate
	chosen  []swarm.Peer
}

// Due returns when the Choker is to be asked; zero for never.
func (r *Rounds) Due() time.Time { return r.at }

// Soon has the Choker asked after a moment, so that peers that come together are compared
// with each other.
func (r *Rounds) Soon(now time.Time) {
	soon := now.Add(joinDelay)
	if r.at.IsZero() || soon.Before(r.at) {
		r.at = soon
	}
}

// Stop has the Choker asked no more until the next Soon or Choose.
func (r *Rounds) Stop() { r.at = time.Time{} }

// Rates returns an empty list for the rates that Choose is called with.
func (r *Rounds) Rates() []PeerRate { return r.rates[:0] }

// Choose asks the Choker, which newChoker makes if there is none, and returns the peers
// that may request blocks. The next round follows.
func (r *Rounds) Choose(now time.Time, newChoker func() Choker, rates []PeerRate, slots int, complete bool) map[swarm.Peer]bool {
	if r.choker == nil {
		r.choker = newChoker()
	}
	r.rates = rates
	r.chosen = r.choker.Unchoke(r.chosen[:0], now, rates, slots, complete)
	chosen := make(map[swarm.Peer]bool, len(r.chosen))
	for _, id := range r.chosen {
		chosen[id] = true
	}
	r.scheduleNext(now)
	return chosen
}

// scheduleNext sets when the Choker is asked again: in the next round, or soon if a peer
// may turn out to leave its slot unused while others wait.
func (r *Rounds) scheduleNext(now time.Time) {
	if !r.roundAt.After(now) {
		r.roundAt = now.Add(roundEvery)
	}
	r.at = r.roundAt
	othersWait := len(r.chosen) < len(r.rates)
	isNew := func(x PeerRate) bool { return x.Unchoked.IsZero() && slices.Contains(r.chosen, x.Peer) }
	soon := now.Add(UnusedTime)
	if othersWait && soon.Before(r.at) && slices.ContainsFunc(r.rates, isNew) {
		r.at = soon
	}
}
