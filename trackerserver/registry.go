package trackerserver

import (
	"container/list"
	"sync"

	"github.com/shoal-bt/shoal/swarm"
)

// A registry knows all swarms of a Memory, in the order of their last announce, and
// which holder is charged for each: the one whose peer made it. It also counts in how
// many swarms each holder has peers.
type registry struct {
	mu      sync.Mutex // guards all fields; taken while holding the lock of a shard
	all     list.List  // of *peerSet, announced longest ago first
	charged tally      // swarms made, by holder
	made    map[holder]*list.List
	present map[holder]int32 // swarms in which a holder has peers
}

// A registration is a swarm's part of a registry. The registry's lock guards it, except
// for id, which does not change.
type registration struct {
	id      swarm.ID
	maker   holder
	inAll   *list.Element
	ofMaker *list.Element
}

// add registers a swarm that h makes. If the registry has limit swarms, or h has made
// limitOfHolder, it returns the swarm that has to be removed first instead: of the holder
// that has made most, the one that was announced longest ago.
func (g *registry) add(s *peerSet, id swarm.ID, h holder, limit, limitOfHolder int) (victim *peerSet) {
	g.mu.Lock()
	defer g.mu.Unlock()
	switch {
	case g.charged.count(h) >= limitOfHolder:
		return g.made[h].Front().Value.(*peerSet)
	case g.all.Len() >= limit:
		return g.oldestOfLargest()
	}
	if g.made == nil {
		g.made = make(map[holder]*list.List)
	}
	if g.made[h] == nil {
		g.made[h] = list.New()
	}
	g.charged.add(h)
	s.registration = registration{
		id:      id,
		maker:   h,
		inAll:   g.all.PushBack(s),
		ofMaker: g.made[h].PushBack(s),
	}
	return nil
}

// oldestOfLargest returns the swarm to remove if there is no room for another.
func (g *registry) oldestOfLargest() *peerSet {
	h, count := g.charged.largest()
	if count == 1 {
		return g.all.Front().Value.(*peerSet) // all have made one
	}
	return g.made[h].Front().Value.(*peerSet)
}

// announced moves a swarm behind the others.
func (g *registry) announced(s *peerSet) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.all.MoveToBack(s.inAll)
	g.made[s.maker].MoveToBack(s.ofMaker)
}

// remove takes a swarm out.
func (g *registry) remove(s *peerSet) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.all.Remove(s.inAll)
	g.made[s.maker].Remove(s.ofMaker)
	g.charged.remove(s.maker)
	if g.made[s.maker].Len() == 0 {
		delete(g.made, s.maker)
	}
}

// join records that h has its first peer in a swarm.
func (g *registry) join(h holder) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.present == nil {
		g.present = make(map[holder]int32)
	}
	g.present[h]++
}

// leave records that h has no more peer in a swarm.
func (g *registry) leave(h holder) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.present[h]--
	if g.present[h] == 0 {
		delete(g.present, h)
	}
}

// joined returns the number of swarms in which h has peers.
func (g *registry) joined(h holder) int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return int(g.present[h])
}

// size returns the number of swarms.
func (g *registry) size() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.all.Len()
}
