package trackerserver

import (
	"math/rand/v2"
	"net/netip"

	"github.com/shoal-bt/shoal/swarm"
)

// A record is what a Memory knows of one swarm. It belongs to its shard's lock, except for
// the registration.
type record struct {
	registration
	completed   uint32 // completed downloads
	announcedAt uint32 // when the swarm was last announced, in seconds since 1970
	four        peerSet[endpoint4]
	six         peerSet[endpoint6]
}

// A newcomer is a peer that announces.
type newcomer struct {
	*Request
	addr     netip.Addr // not mapped
	holder   holder
	loopback bool
	role     role
}

func newNewcomer(q *Request) newcomer {
	a := q.Addr.Addr().Unmap()
	return newcomer{q, a, holderOf(a), a.IsLoopback(), roleOf(q)}
}

func (n *newcomer) at4() endpoint4 { return endpoint4{n.addr.As4(), n.Addr.Port()} }
func (n *newcomer) at6() endpoint6 { return endpoint6{n.addr.As16(), n.Addr.Port()} }

// size returns the number of peers.
func (r *record) size() int { return r.four.size() + r.six.size() }

// counts returns the numbers that peers learn.
func (r *record) counts() Counts {
	c := Counts{
		Seeds:     int(r.four.seeds + r.six.seeds),
		Leechers:  int(r.four.leechers + r.six.leechers),
		Completed: int(r.completed),
	}
	c.PartialSeeds = r.size() - c.Seeds - c.Leechers
	return c
}

// countOf returns the number of peers of a holder.
func (r *record) countOf(h holder) int {
	if h.is4() {
		return r.four.countOf(h)
	}
	return r.six.countOf(h)
}

// removeOldestOf removes the peer of h that announced longest ago. There must be one.
func (r *record) removeOldestOf(g *registry, h holder) {
	if h.is4() {
		r.four.remove(g, r.four.oldestOf(h))
	} else {
		r.six.remove(g, r.six.oldestOf(h))
	}
}

// removeOldest removes the peer that announced longest ago. There must be one.
func (r *record) removeOldest(g *registry) {
	switch {
	case r.four.size() == 0:
		r.six.remove(g, r.six.oldest())
		return
	case r.six.size() == 0:
		r.four.remove(g, r.four.oldest())
		return
	}
	i, j := r.four.oldest(), r.six.oldest()
	if r.four.entries[i].seenAt <= r.six.entries[j].seenAt {
		r.four.remove(g, i)
	} else {
		r.six.remove(g, j)
	}
}

// makeRoom removes a peer because there is no room for another: of the holder that has
// most, the one that announced longest ago. There must be one.
func (r *record) makeRoom(g *registry) {
	h, count := r.four.largest()
	h6, count6 := r.six.largest()
	if count6 > count {
		h, count = h6, count6
	}
	if count == 1 {
		r.removeOldest(g) // all have one
		return
	}
	r.removeOldestOf(g, h)
}

// worthless reports whether nothing is lost with the swarm.
func (r *record) worthless() bool { return r.size() == 0 && r.completed == 0 }

// clear removes all peers.
func (r *record) clear(g *registry) {
	r.four.clear(g)
	r.six.clear(g)
}

// expire removes the peers that were last seen before a time, in seconds since 1970.
func (r *record) expire(g *registry, before, now int64) {
	r.four.expire(g, before, now)
	r.six.expire(g, before, now)
}

// fewForSeeds is the number of peers for a seed if there is no leecher. A client that has
// only a magnet link may say that nothing is left, as aria2 1.36 does, and seeds have the
// metadata that it needs.
const fewForSeeds = 4

// sample appends peers for a newcomer to dst: of both families as many as there are of
// each, unless only one is wanted.
func (r *record) sample(dst []Peer, n *newcomer, random *rand.Rand) []Peer {
	is4, onlyLeechers, want := n.addr.Is4(), n.role != leecher, n.Want
	want4, want6 := r.eligible(n, onlyLeechers)
	if n.role == seed && want4+want6 == 0 {
		onlyLeechers, want = false, min(want, fewForSeeds)
		want4, want6 = r.eligible(n, onlyLeechers)
	}
	total := want4 + want6
	if total > want && want4 > 0 && want6 > 0 {
		want6 = (want6*want + random.IntN(total)) / total
		want4 = want - want6
	}
	var self4 endpoint4
	var self6 endpoint6
	if is4 {
		self4 = n.at4()
	} else {
		self6 = n.at6()
	}
	dst = r.four.sample(dst, min(want4, want), self4, n.Peer, onlyLeechers, random)
	return r.six.sample(dst, min(want6, want), self6, n.Peer, onlyLeechers, random)
}

// eligible returns the numbers of peers of each family that a newcomer can use.
func (r *record) eligible(n *newcomer, onlyLeechers bool) (four, six int) {
	four, six = r.four.eligible(onlyLeechers), r.six.eligible(onlyLeechers)
	if n.SameFamily && n.addr.Is4() {
		return four, 0
	}
	if n.SameFamily {
		return 0, six
	}
	return four, six
}

// update adds, updates or removes the peer of an announce at e, which has index i in set,
// or belongs there if i is -1. It does not look for room.
func update[E endpoint](r *record, g *registry, set *peerSet[E], i int, e E, n *newcomer, now int64) {
	if n.Event == swarm.Stopped {
		if i >= 0 {
			set.remove(g, i)
		}
		return
	}
	wasSeed := i >= 0 && set.entries[i].role == seed
	if n.Event == swarm.Completed && n.role == seed && !wasSeed {
		r.completed++ // not for a peer that was a seed already
	}
	if i >= 0 && set.entries[i].role == n.role {
		set.entries[i].seenAt, set.entries[i].id = uint32(now), n.Peer
		return
	}
	if i >= 0 {
		set.remove(g, i)
	}
	set.add(g, entry[E]{
		at:     e,
		role:   n.role,
		seenAt: uint32(now),
		id:     n.Peer,
	})
}
