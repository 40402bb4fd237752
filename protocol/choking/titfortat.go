package choking

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/shoal-bt/shoal/swarm"
)

const (
	optimisticTime = 30 * time.Second // how long an optimistic unchoke lasts
	newcomerTime   = time.Minute      // how long a peer is three times as likely to be chosen for it
	seedSlotTime   = 30 * time.Second // how long a peer that takes something keeps a seed's slot at least
	unusedTime     = 10 * time.Second // after this without a byte a slot was of no use to a peer
)

// titForTat is the choking algorithm of BEP 3
// (https://www.bittorrent.org/beps/bep_0003.html, "peer protocol"). While we download,
// all slots but one go to the peers that send us most. The last one is the optimistic
// unchoke, which goes round among the peers that are choked. While we seed, slots go to
// the peers that take most, and the optimistic unchoke goes round as well.
//
// Among peers of equal rate those come first that did not leave a slot unused, and among
// these chance decides. If the order of joining did, everybody in a new swarm would unchoke
// the same few, and peers that take nothing would keep their slots for ever.
type titForTat struct {
	random     *rand.Rand // seeded by the time of the first call
	optimistic swarm.Peer
	until      time.Time                // when another peer is chosen
	lastTrial  map[swarm.Peer]time.Time // when a peer was last the optimistic one
	unused     map[swarm.Peer]int       // rounds in which a peer had a slot and took nothing
}

// NewTitForTat returns the default Choker.
func NewTitForTat() Choker {
	return &titForTat{lastTrial: make(map[swarm.Peer]time.Time), unused: make(map[swarm.Peer]int)}
}

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
	c.countUnused(now, peers)
	optimistic := c.pickOptimistic(now, peers)
	dst = append(dst, optimistic)
	for _, p := range c.ranked(now, peers, seeding) {
		if len(dst) == slots {
			break
		}
		if p.Peer != optimistic {
			dst = append(dst, p.Peer)
		}
	}
	return dst
}

// countUnused counts for each peer the rounds in which it had a slot and took nothing. It
// forgets peers that took something, and those that are gone.
func (c *titForTat) countUnused(now time.Time, peers []PeerRate) {
	for _, p := range peers {
		switch {
		case p.SentSince > 0:
			delete(c.unused, p.Peer)
		case p.leftUnused(now):
			c.unused[p.Peer]++
		}
	}
	for id := range c.unused {
		if !contains(peers, id) {
			delete(c.unused, id)
		}
	}
}

// leftUnused reports whether a peer has had a slot for a while and took nothing.
func (p PeerRate) leftUnused(now time.Time) bool {
	return !p.Unchoked.IsZero() && now.Sub(p.Unchoked) >= unusedTime && p.SentSince == 0
}

// ranked returns the peers in the order in which they get slots.
func (c *titForTat) ranked(now time.Time, peers []PeerRate, seeding bool) []PeerRate {
	if c.random == nil {
		c.random = rand.New(rand.NewPCG(uint64(now.UnixNano()), 0))
	}
	all := slices.Clone(peers)
	c.random.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	slices.SortStableFunc(all, func(a, b PeerRate) int {
		return cmp.Or(
			cmp.Compare(score(b, now, seeding), score(a, now, seeding)),
			cmp.Compare(c.unused[a.Peer], c.unused[b.Peer]),
		)
	})
	return all
}

func contains(peers []PeerRate, id swarm.Peer) bool {
	return slices.ContainsFunc(peers, func(p PeerRate) bool { return p.Peer == id })
}

// score is what a peer is ranked by, in bytes per second.
func score(p PeerRate, now time.Time, seeding bool) float64 {
	justUnchoked := !p.Unchoked.IsZero() && now.Sub(p.Unchoked) < seedSlotTime
	switch {
	case !seeding && p.Snubbed:
		return -1 // it takes and does not give
	case !seeding:
		return p.Down
	case justUnchoked && !p.leftUnused(now):
		return 1e18 // too early to tell
	}
	return p.Up
}

// pickOptimistic returns the peer that is unchoked whatever its rate: the choked one
// that has waited longest for it.
func (c *titForTat) pickOptimistic(now time.Time, peers []PeerRate) swarm.Peer {
	if contains(peers, c.optimistic) && now.Before(c.until) {
		return c.optimistic
	}
	best := peers[0]
	for _, p := range peers[1:] {
		if c.before(now, p, best) {
			best = p
		}
	}
	for id := range c.lastTrial {
		if !contains(peers, id) {
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
// it has nothing to give before it gets a first piece. The wait of a peer that left slots
// unused counts less with each.
func (c *titForTat) waited(now time.Time, p PeerRate) time.Duration {
	since, ok := c.lastTrial[p.Peer]
	if !ok {
		since = p.Joined
	}
	d := now.Sub(since) + time.Second
	if now.Sub(p.Joined) < newcomerTime {
		d *= 3
	}
	return d / time.Duration(1+c.unused[p.Peer])
}
