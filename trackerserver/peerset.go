package trackerserver

import (
	"math/rand/v2"

	"github.com/shoal-bt/shoal/swarm"
)

// indexFrom is the number of peers above which a peerSet has an index. Most swarms are
// smaller, and an index would need most of their memory.
const indexFrom = 16

// A peerSet holds the peers of one swarm that have one address family, leechers before
// others. It belongs to its shard's lock.
type peerSet[E endpoint] struct {
	entries      []entry[E]
	index        *peerIndex[E] // nil while the entries are few
	leechers     int32         // the first entries
	seeds        int32         // among the others
	oldestSeenAt uint32        // no entry was seen before, in seconds since 1970
	expiredAt    uint32        // when expire last checked all peers, in seconds since 1970
}

// A peerIndex finds peers and counts those of a holder.
type peerIndex[E endpoint] struct {
	at      map[E]int32 // of entries
	holders tally
}

// size returns the number of peers.
func (s *peerSet[E]) size() int { return len(s.entries) }

// find returns the index of the peer at e, or -1.
func (s *peerSet[E]) find(e E) int {
	if s.index != nil {
		i, ok := s.index.at[e]
		if ok {
			return int(i)
		}
		return -1
	}
	for i := range s.entries {
		if s.entries[i].at == e {
			return i
		}
	}
	return -1
}

// countOf returns the number of peers of a holder.
func (s *peerSet[E]) countOf(h holder) int {
	if s.index != nil {
		return s.index.holders.count(h)
	}
	n := 0
	for i := range s.entries {
		if s.entries[i].at.holder() == h {
			n++
		}
	}
	return n
}

// largest returns a holder that has most peers, and how many; 0 if there is no peer. If
// that is 1, the holder means nothing.
func (s *peerSet[E]) largest() (h holder, count int) {
	if s.index != nil {
		return s.index.holders.largest()
	}
	for i := range s.entries {
		other := s.entries[i].at.holder()
		n := s.countOf(other)
		if n > count {
			h, count = other, n
		}
	}
	return h, count
}

// oldest returns the index of the peer that announced longest ago. The set must not be
// empty.
func (s *peerSet[E]) oldest() int {
	found := 0
	for i := range s.entries {
		if s.entries[i].seenAt < s.entries[found].seenAt {
			found = i
		}
	}
	return found
}

// oldestOf returns the index of the peer of h that announced longest ago. There must be
// one.
func (s *peerSet[E]) oldestOf(h holder) int {
	found := -1
	for i := range s.entries {
		e := &s.entries[i]
		if (found < 0 || e.seenAt < s.entries[found].seenAt) && e.at.holder() == h {
			found = i
		}
	}
	return found
}

// add adds a peer that is not in the set. The registry learns which holders have peers
// in a swarm.
func (s *peerSet[E]) add(g *registry, e entry[E]) {
	h := e.at.holder()
	if s.countOf(h) == 0 {
		g.join(h)
	}
	if len(s.entries) == 0 || e.seenAt < s.oldestSeenAt {
		s.oldestSeenAt = e.seenAt
	}
	if len(s.entries) == cap(s.entries) {
		s.resize(len(s.entries) + max(2, len(s.entries)/8))
	}
	i := len(s.entries)
	s.entries = append(s.entries, e)
	if s.index != nil {
		s.index.at[e.at] = int32(i)
		s.index.holders.add(h)
	} else if len(s.entries) > indexFrom {
		s.makeIndex()
	}
	switch e.role {
	case leecher:
		s.swap(i, int(s.leechers))
		s.leechers++
	case seed:
		s.seeds++
	}
}

// resize moves the entries to an array of at least n of them: as many as the allocator
// has room for anyway. It grows by less than append does, because most swarms are small
// and none is in a hurry.
func (s *peerSet[E]) resize(n int) {
	room := append([]entry[E](nil), make([]entry[E], n)...)
	s.entries = append(room[:0], s.entries...)
}

func (s *peerSet[E]) makeIndex() {
	s.index = &peerIndex[E]{at: make(map[E]int32, 2*indexFrom)}
	for i := range s.entries {
		s.index.at[s.entries[i].at] = int32(i)
		s.index.holders.add(s.entries[i].at.holder())
	}
}

// remove removes the peer at index i.
func (s *peerSet[E]) remove(g *registry, i int) {
	h := s.entries[i].at.holder()
	switch s.entries[i].role {
	case leecher:
		s.leechers--
		s.swap(i, int(s.leechers))
		i = int(s.leechers)
	case seed:
		s.seeds--
	}
	last := len(s.entries) - 1
	s.swap(i, last)
	if s.index != nil {
		delete(s.index.at, s.entries[last].at)
		s.index.holders.remove(h)
	}
	s.entries = s.entries[:last]
	if s.countOf(h) == 0 {
		g.leave(h)
	}
	switch {
	case last == 0:
		s.entries, s.index = nil, nil
	case last < indexFrom/2:
		s.index = nil
	}
	if last > 0 && last <= cap(s.entries)/4 {
		s.resize(2 * last)
	}
}

// swap exchanges two peers.
func (s *peerSet[E]) swap(i, j int) {
	if i == j {
		return
	}
	s.entries[i], s.entries[j] = s.entries[j], s.entries[i]
	if s.index != nil {
		s.index.at[s.entries[i].at] = int32(i)
		s.index.at[s.entries[j].at] = int32(j)
	}
}

// clear removes all peers.
func (s *peerSet[E]) clear(g *registry) {
	for len(s.entries) > 0 {
		s.remove(g, len(s.entries)-1)
	}
}

// expire removes the peers that were last seen before a time; both times are in seconds
// since 1970. It checks them at most once a second, and only if one can be that old, so
// that most announces need not go through all peers.
func (s *peerSet[E]) expire(g *registry, before, now int64) {
	if len(s.entries) == 0 || int64(s.oldestSeenAt) >= before || int64(s.expiredAt) == now {
		return
	}
	s.expiredAt, s.oldestSeenAt = uint32(now), uint32(now)
	for i := len(s.entries) - 1; i >= 0; i-- {
		// Removing moves another peer to i: one from after i, which was
		// checked already, or the last leecher, which is checked next.
		for i < len(s.entries) && int64(s.entries[i].seenAt) < before {
			s.remove(g, i)
		}
	}
	for i := range s.entries {
		s.oldestSeenAt = min(s.oldestSeenAt, s.entries[i].seenAt)
	}
}

// eligible returns the number of peers that one that asks can use: those that only upload
// need leechers.
func (s *peerSet[E]) eligible(onlyLeechers bool) int {
	if onlyLeechers {
		return int(s.leechers)
	}
	return len(s.entries)
}

// sample appends up to want peers to dst, beginning at a random one. The peer that asks is
// left out.
func (s *peerSet[E]) sample(dst []Peer, want int, self E, id swarm.PeerID, onlyLeechers bool, random *rand.Rand) []Peer {
	n := s.eligible(onlyLeechers)
	if n == 0 || want <= 0 {
		return dst
	}
	i := random.IntN(n)
	for range n {
		if want == 0 {
			break
		}
		p := &s.entries[i]
		i++
		if i == n {
			i = 0
		}
		if p.at == self || p.id == id {
			continue
		}
		dst = append(dst, Peer{ID: p.id, Addr: p.at.addr()})
		want--
	}
	return dst
}
