package trackerserver

import (
	"sync"

	"github.com/shoal-bt/shoal/swarm"
)

// A registry knows all swarms of a Memory, in the order of their last announce, and
// which holder is charged for each: the one whose peer made it. It also counts in how
// many swarms each holder has peers.
type registry struct {
	mu      sync.Mutex // guards all fields; taken while holding the lock of a shard
	all     chain
	size    int
	charged tally // swarms made, by holder
	made    map[holder]chain
	present holderMap // swarms in which a holder has peers
}

// A registration is a swarm's part of a registry. The registry's lock guards it, except
// for id, which does not change.
type registration struct {
	id    swarm.ID
	maker holder
	links [2]links // by chainKind
}

// A chain is a list of swarms, announced longest ago first. Its links are in the swarms,
// because container/list would need 48 bytes more for each.
type chain struct{ first, last *record }

type links struct{ previous, next *record }

// A chainKind says which links of a swarm a chain uses.
type chainKind int

const (
	ofAll chainKind = iota
	ofMaker
)

func (c *chain) pushBack(r *record, k chainKind) {
	r.links[k] = links{previous: c.last}
	if c.last == nil {
		c.first = r
	} else {
		c.last.links[k].next = r
	}
	c.last = r
}

func (c *chain) remove(r *record, k chainKind) {
	l := &r.links[k]
	if l.previous == nil {
		c.first = l.next
	} else {
		l.previous.links[k].next = l.next
	}
	if l.next == nil {
		c.last = l.previous
	} else {
		l.next.links[k].previous = l.previous
	}
	*l = links{}
}

// isLast reports whether a swarm in a chain is the last one.
func (r *record) isLast(k chainKind) bool { return r.links[k].next == nil }

// add registers a swarm that h makes. If the registry has limit swarms, or h has made
// limitOfHolder, it returns the swarm that has to be removed first instead: of the holder
// that has made most, the one that was announced longest ago.
func (g *registry) add(r *record, id swarm.ID, h holder, limit, limitOfHolder int) (victim *record) {
	g.mu.Lock()
	defer g.mu.Unlock()
	switch {
	case g.charged.count(h) >= limitOfHolder:
		return g.made[h].first
	case g.size >= limit:
		return g.oldestOfLargest()
	}
	if g.made == nil {
		g.made = make(map[holder]chain)
	}
	r.registration = registration{id: id, maker: h}
	g.charged.add(h)
	g.size++
	g.all.pushBack(r, ofAll)
	c := g.made[h]
	c.pushBack(r, ofMaker)
	g.made[h] = c
	return nil
}

// oldestOfLargest returns the swarm to remove if there is no room for another.
func (g *registry) oldestOfLargest() *record {
	h, count := g.charged.largest()
	if count == 1 {
		return g.all.first // all have made one
	}
	return g.made[h].first
}

// announced moves a swarm behind the others.
func (g *registry) announced(r *record) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !r.isLast(ofAll) {
		g.all.remove(r, ofAll)
		g.all.pushBack(r, ofAll)
	}
	if !r.isLast(ofMaker) {
		c := g.made[r.maker]
		c.remove(r, ofMaker)
		c.pushBack(r, ofMaker)
		g.made[r.maker] = c
	}
}

// remove takes a swarm out.
func (g *registry) remove(r *record) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.charged.remove(r.maker)
	g.size--
	g.all.remove(r, ofAll)
	c := g.made[r.maker]
	c.remove(r, ofMaker)
	if c.first == nil {
		delete(g.made, r.maker)
	} else {
		g.made[r.maker] = c
	}
}

// join records that h has its first peer in a swarm.
func (g *registry) join(h holder) {
	g.mu.Lock()
	defer g.mu.Unlock()
	n, _ := g.present.get(h)
	g.present.set(h, n+1)
}

// leave records that h has no more peer in a swarm.
func (g *registry) leave(h holder) {
	g.mu.Lock()
	defer g.mu.Unlock()
	n, _ := g.present.get(h)
	if n > 1 {
		g.present.set(h, n-1)
	} else {
		g.present.remove(h)
	}
}

// joined returns the number of swarms in which h has peers.
func (g *registry) joined(h holder) int {
	g.mu.Lock()
	defer g.mu.Unlock()
	n, _ := g.present.get(h)
	return int(n)
}

// swarms returns the number of swarms.
func (g *registry) swarms() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.size
}
