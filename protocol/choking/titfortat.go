package choking

import "time"

const (
	seedSlotTime = 30 * time.Second // how long a peer that takes something keeps a seed's slot at least
	tooEarly     = 1e18             // the rank of a peer that got its slot too recently to be judged
)

// NewTitForTat returns the default Choker, the algorithm of BEP 3
// (https://www.bittorrent.org/beps/bep_0003.html, "peer protocol"). While we download,
// slots go to the peers that send us most. While we seed, they go to the peers that take
// most.
func NewTitForTat() Choker {
	return newRanked(func(p PeerRate, now time.Time, seeding bool) float64 {
		justUnchoked := !p.Unchoked.IsZero() && now.Sub(p.Unchoked) < seedSlotTime
		switch {
		case !seeding:
			return given(p)
		case justUnchoked && !p.LeftUnused(now):
			return tooEarly
		}
		return p.Up
	})
}

// given ranks a peer by what it gives us, in bytes per second: how every policy ranks peers
// while we download, but NewFastestUpload.
func given(p PeerRate) float64 {
	if p.Snubbed {
		return -1 // it takes and does not give
	}
	return p.Down
}
