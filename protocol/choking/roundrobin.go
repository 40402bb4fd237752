package choking

import (
	"time"

	"github.com/shoal-bt/shoal/swarm"
)

// turnTime is how long a peer that takes something keeps a slot of the round robin.
const turnTime = time.Minute

// roundRobin gives the slots of a seed to all peers in turn, whatever their rates, so that
// each gets the same share of time. libtorrent has the same rule
// (https://www.libtorrent.org/reference-Settings.html, "round_robin").
type roundRobin struct {
	*ranked
	servedAt map[swarm.Peer]time.Time // when a peer last had a slot
}

// NewRoundRobin returns a Choker that gives each peer of a seed a slot for a minute, the
// one first that has waited longest. While we download it is tit for tat.
func NewRoundRobin() Choker {
	c := &roundRobin{servedAt: make(map[swarm.Peer]time.Time)}
	c.ranked = newRanked(c.rankInTurn)
	return c
}

// Unchoke implements Choker.
func (c *roundRobin) Unchoke(dst []swarm.Peer, now time.Time, peers []PeerRate, slots int, seeding bool) []swarm.Peer {
	for _, p := range peers {
		if !p.Unchoked.IsZero() {
			c.servedAt[p.Peer] = now
		}
	}
	for id := range c.servedAt {
		if !contains(peers, id) {
			delete(c.servedAt, id)
		}
	}
	return c.ranked.Unchoke(dst, now, peers, slots, seeding)
}

// rankInTurn ranks a peer whose turn is not over first, and then by how long it has waited.
func (c *roundRobin) rankInTurn(p PeerRate, now time.Time, seeding bool) float64 {
	switch {
	case !seeding:
		return given(p)
	case !p.Unchoked.IsZero() && !p.LeftUnused(now) && now.Sub(p.Unchoked) < turnTime:
		return tooEarly
	case !p.Unchoked.IsZero():
		return -1
	}
	since, ok := c.servedAt[p.Peer]
	if !ok {
		since = p.Joined
	}
	return now.Sub(since).Seconds()
}
