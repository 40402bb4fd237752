package engine

import (
	"cmp"
	"slices"
	"time"

	"github.com/shoal-bt/shoal/swarm"
)

const (
	optimisticEvery = 30 * time.Second // how long a peer is unchoked on trial
	newcomer        = time.Minute      // for so long a peer is thrice as likely to be tried
	seedSlotTime    = 30 * time.Second // at least so long a peer keeps a seed's slot
)

// titForTat is the choking algorithm of BEP 3. While we download, the slots but
// one go to the peers that send us most, and one to each peer in turn, on trial.
// While we seed they go to the peers that take most, and each peer that waits
// gets its turn as well.
type titForTat struct {
	optimistic swarm.Peer
	until      time.Time
	lastTrial  map[swarm.Peer]time.Time // when a peer's last trial began
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
	trial := c.pickOptimistic(now, peers)
	dst = append(dst, trial)
	ranked := slices.Clone(peers)
	slices.SortStableFunc(ranked, func(a, b PeerRate) int { return cmp.Compare(score(b, now, seeding), score(a, now, seeding)) })
	for _, p := range ranked {
		if len(dst) == slots {
			break
		}
		if p.Peer != trial {
			dst = append(dst, p.Peer)
		}
	}
	return dst
}

// merit is what a peer is ranked by, in bytes per second.
func score(p PeerRate, now time.Time, seeding bool) float64 {
	switch {
	case p.Snubbed && !seeding:
		return -1 // it takes and does not give
	case !seeding:
		return p.Down
	case !p.Unchoked.IsZero() && now.Sub(p.Unchoked) < seedSlotTime:
		return 1e18 // too early to tell
	}
	return p.Up
}

// onTrial returns the peer that is unchoked whatever its rate: the one whose
// last trial is longest ago, newcomers first.
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
	c.optimistic, c.until = best.Peer, now.Add(optimisticEvery)
	c.lastTrial[best.Peer] = now
	return best.Peer
}

// before reports whether a should be tried before b.
func (c *titForTat) before(now time.Time, a, b PeerRate) bool {
	waited := func(p PeerRate) time.Duration {
		since, ok := c.lastTrial[p.Peer]
		if !ok {
			since = p.Joined
		}
		d := now.Sub(since) + time.Second
		if now.Sub(p.Joined) < newcomer {
			d *= 3
		}
		return d
	}
	// Those who have a slot by their rate need no trial.
	if (a.Unchoked.IsZero()) != (b.Unchoked.IsZero()) {
		return a.Unchoked.IsZero()
	}
	return waited(a) > waited(b)
}
