package choking

import (
	"cmp"
	"slices"
	"time"

	"github.com/shoal-bt/shoal/swarm"
)

const (
	optimisticTime = 30 * time.Second // how long an optimistic unchoke lasts
	newcomerTime   = time.Minute      // how long a peer is three times as likely to be chosen for it
	seedSlotTime   = 30 * time.Second // how long a peer keeps a seed's slot at least
)

// titForTat is the choking algorithm of BEP 3
// (https://www.bittorrent.org/beps/bep_0003.html, "peer protocol"). While we download,
// all slots but one go to the peers that send us most. The last one is the optimistic
// unchoke, which goes round among the peers that are choked. While we seed, slots go to
// the peers that take most, and the optimistic unchoke goes round as well.
type titForTat struct {
	optimistic swarm.Peer
	until      time.Time                // when another peer is chosen
	lastTrial  map[swarm.Peer]time.Time // when a peer was last the optimistic one
}

// NewTitForTat returns the default Choker.
func NewTitForTat() Choker { return &titForTat{lastTrial: make(map[swarm.Peer]time.Time)} }

// Unchoke implements Choker.
func (c *titForTat) Unchoke(dst []swarm.Peer, now time.Time, peers []PeerRate, slots int, seeding bool) []swarm.Peer {
	if slots < 0 || len(peers) <= slots {
		for _, p := range peers {
			dst = append(dst, p.Peer)
		}
		return dst
	}
	if slots == 0 {
		return dst
	}
	optimistic := c.pickOptimistic(now, peers)
	dst = append(dst, optimistic)
	ranked := slices.Clone(peers)
	slices.SortStableFunc(ranked, func(a, b PeerRate) int {
		return cmp.Compare(score(b, now, seeding), score(a, now, seeding))
	})
	for _, p := range ranked {
		if len(dst) == slots {
			break
		}
		if p.Peer != optimistic {
			dst = append(dst, p.Peer)
		}
	}
	return dst
}

// score is what a peer is ranked by, in bytes per second.
func score(p PeerRate, now time.Time, seeding bool) float64 {
	justUnchoked := !p.Unchoked.IsZero() && now.Sub(p.Unchoked) < seedSlotTime
	switch {
	case !seeding && p.Snubbed:
		return -1 // it takes and does not give
	case !seeding:
		return p.Down
	case justUnchoked:
		return 1e18 // too early to tell
	}
	return p.Up
}

// pickOptimistic returns the peer that is unchoked whatever its rate: the choked one
// that has waited longest for it.
func (c *titForTat) pickOptimistic(now time.Time, peers []PeerRate) swarm.Peer {
	here := slices.ContainsFunc(peers, func(p PeerRate) bool { return p.Peer == c.optimistic })
	if here && now.Before(c.until) {
		return c.optimistic
	}
	best := peers[0]
	for _, p := range peers[1:] {
		if c.before(now, p, best) {
			best = p
		}
	}
	for id := range c.lastTrial {
		if !slices.ContainsFunc(peers, func(p PeerRate) bool { return p.Peer == id }) {
			delete(c.lastTrial, id)
		}
	}
	c.optimistic, c.until = best.Peer, now.Add(optimisticTime)
	c.lastTrial[best.Peer] = now
	return best.Peer
}

// before reports whether a should be the optimistic unchoke before b. A peer that has
// a slot by its rate does not need it.
func (c *titForTat) before(now time.Time, a, b PeerRate) bool {
	if a.Unchoked.IsZero() != b.Unchoked.IsZero() {
		return a.Unchoked.IsZero()
	}
	return c.waited(now, a) > c.waited(now, b)
}

// waited returns how long a peer has waited for its turn, times three for a newcomer:
// it has nothing to give before it gets a first piece.
func (c *titForTat) waited(now time.Time, p PeerRate) time.Duration {
	since, ok := c.lastTrial[p.Peer]
	if !ok {
		since = p.Joined
	}
	d := now.Sub(since) + time.Second
	if now.Sub(p.Joined) < newcomerTime {
		d *= 3
	}
	return d
}
