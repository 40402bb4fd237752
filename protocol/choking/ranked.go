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
	roundTime      = 10 * time.Second // how long a peer that takes something keeps its slot, whatever its rank
)

// ranked gives all slots but one to the peers of highest rank. The last one is the
// optimistic unchoke, which goes round among the peers that are choked, so that each can
// show what it gives or takes (https://www.bittorrent.org/beps/bep_0003.html, "peer
// protocol"). The policies differ in rank.
//
// Among peers of equal rank those come first that did not leave a slot unused, and among
// these chance decides. If the order of joining did, everybody in a new swarm would unchoke
// the same few, and peers that take nothing would keep their slots for ever.
type ranked struct {
	// rank is what a peer's place is decided by, the greatest first.
	rank func(p PeerRate, now time.Time, seeding bool) float64

	random     *rand.Rand // seeded by the time of the first call
	rankedAt   time.Time  // when all slots were given by rank
	optimistic swarm.Peer
	until      time.Time                // when another peer is chosen
	lastTrial  map[swarm.Peer]time.Time // when a peer was last the optimistic one
	unused     map[swarm.Peer]int       // rounds in which a peer had a slot and took nothing
}

func newRanked(rank func(p PeerRate, now time.Time, seeding bool) float64) *ranked {
	return &ranked{
		rank:      rank,
		lastTrial: make(map[swarm.Peer]time.Time),
		unused:    make(map[swarm.Peer]int),
	}
}

// Unchoke implements Choker.
func (c *ranked) Unchoke(dst []swarm.Peer, now time.Time, peers []PeerRate, slots int, seeding bool) []swarm.Peer {
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
	for _, p := range c.inOrder(now, peers, seeding) {
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
func (c *ranked) countUnused(now time.Time, peers []PeerRate) {
	for _, p := range peers {
		switch {
		case p.uses():
			delete(c.unused, p.Peer)
		case p.LeftUnused(now):
			c.unused[p.Peer]++
		}
	}
	for id := range c.unused {
		if !contains(peers, id) {
			delete(c.unused, id)
		}
	}
}

// inOrder returns the peers in the order in which they get slots.
func (c *ranked) inOrder(now time.Time, peers []PeerRate, seeding bool) []PeerRate {
	if c.random == nil {
		c.random = rand.New(rand.NewPCG(uint64(now.UnixNano()), 0))
	}
	withinRound := now.Sub(c.rankedAt) < roundTime
	if !withinRound {
		c.rankedAt = now
	}
	claim := func(p PeerRate) int {
		if withinRound {
			return c.claim(now, p)
		}
		return 0
	}
	all := slices.Clone(peers)
	c.random.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	slices.SortStableFunc(all, func(a, b PeerRate) int {
		return cmp.Or(
			cmp.Compare(claim(b), claim(a)),
			cmp.Compare(c.rank(b, now, seeding), c.rank(a, now, seeding)),
			cmp.Compare(c.unused[a.Peer], c.unused[b.Peer]),
		)
	})
	return all
}

// claim is what a peer is ranked by first within a round: slots stay where they are, but
// one that is not used goes to a peer that never left one unused.
func (c *ranked) claim(now time.Time, p PeerRate) int {
	isHolder := !p.Unchoked.IsZero()
	switch {
	case isHolder && !p.LeftUnused(now):
		return 3
	case !isHolder && c.unused[p.Peer] == 0:
		return 2
	case isHolder:
		return 1
	}
	return 0
}

func contains(peers []PeerRate, id swarm.Peer) bool {
	return slices.ContainsFunc(peers, func(p PeerRate) bool { return p.Peer == id })
}

// pickOptimistic returns the peer that is unchoked whatever its rate: the choked one
// that has waited longest for it.
func (c *ranked) pickOptimistic(now time.Time, peers []PeerRate) swarm.Peer {
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
func (c *ranked) before(now time.Time, a, b PeerRate) bool {
	if a.Unchoked.IsZero() != b.Unchoked.IsZero() {
		return a.Unchoked.IsZero()
	}
	return c.waited(now, a) > c.waited(now, b)
}

// waited returns how long a peer has waited for its turn, times three for a newcomer:
// it has nothing to give before it gets a first piece. The wait of a peer that left slots
// unused counts less with each.
func (c *ranked) waited(now time.Time, p PeerRate) time.Duration {
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
