package choking

import (
	"slices"
	"time"

	"github.com/shoal-bt/shoal/swarm"
)

const (
	// firstRate is what the peer that takes most must take for another slot, in bytes
	// per second. With each further slot the rate is higher by moreRate, so that a fast
	// uplink is not cut into many slow slots.
	firstRate = 1 << 10
	moreRate  = 2 << 10

	firstSlots = 4 // in the first round, when no rate is known
	leastSlots = 2 // one by rank, and the optimistic unchoke
)

// byRate follows the uplink: there is one slot more than peers that take blocks at a useful
// rate, so the number grows while each new slot is used, and a slow uplink has few. Whom
// the slots go to is decided as by tit for tat. The rule and its rates are those of
// libtorrent's rate-based choker
// (https://www.libtorrent.org/reference-Settings.html, "rate_based_choker").
type byRate struct {
	Choker
	slots   int
	countAt time.Time // when slots are counted again
}

// NewByRate returns a Choker that has as many slots as the uplink has room for: 4 at first,
// and then one more than peers that take blocks at a useful rate, which is 1 KiB/s for the
// fastest peer, 3 KiB/s for the second, 5 KiB/s for the third and so on. The number of
// slots that it is given is the most that it uses; a negative number means no limit, which
// delays a swarm whose seed is slow.
func NewByRate() Choker { return &byRate{Choker: NewTitForTat(), slots: firstSlots} }

// Unchoke implements Choker.
func (c *byRate) Unchoke(dst []swarm.Peer, now time.Time, peers []PeerRate, slots int, seeding bool) []swarm.Peer {
	switch {
	case c.countAt.IsZero():
		c.countAt = now.Add(roundTime)
	case !now.Before(c.countAt):
		c.slots, c.countAt = usefulSlots(peers), now.Add(roundTime)
	}
	n := c.slots
	if slots >= 0 {
		n = min(n, slots)
	}
	return c.Choker.Unchoke(dst, now, peers, n, seeding)
}

// usefulSlots returns the number of slots for the next round.
func usefulSlots(peers []PeerRate) int {
	var rates []float64
	for _, p := range peers {
		if !p.Unchoked.IsZero() {
			rates = append(rates, p.Up)
		}
	}
	slices.Sort(rates)
	slices.Reverse(rates)
	n := 0
	for n < len(rates) && rates[n] >= float64(firstRate+n*moreRate) {
		n++
	}
	return max(n+1, leastSlots)
}
