package trackerserver

import (
	"math/rand/v2"
	"net/netip"

	"github.com/shoal-bt/shoal/swarm"
)

// An endpoint identifies a peer in a swarm, because addresses are harder to forge than
// peer ids. It has no pointer, so that millions of them cost the garbage collector
// nothing. IPv4 addresses are mapped to IPv6.
type endpoint struct {
	ip   [16]byte
	port uint16
}

func newEndpoint(a netip.AddrPort) endpoint { return endpoint{a.Addr().As16(), a.Port()} }

func (e endpoint) addr() netip.AddrPort {
	return netip.AddrPortFrom(netip.AddrFrom16(e.ip).Unmap(), e.port)
}

func (e endpoint) isLoopback() bool { return e.addr().Addr().IsLoopback() }

// An entry is a peer in a peerSet.
type entry struct {
	endpoint
	id     swarm.PeerID
	seenAt int64 // when it last announced, in nanoseconds
}

// indexFrom is the number of peers above which a peerSet has an index. Most swarms are
// smaller, and an index would need most of their memory.
const indexFrom = 16

// A peerSet holds the peers of one swarm, leechers before seeds. It belongs to its
// shard's lock.
type peerSet struct {
	registration
	registry     *registry // learns which holders have peers here; nil for none
	entries      []entry
	leechers     int
	index        map[endpoint]int32 // of entries; nil while they are few
	holders      *tally             // of entries; nil while they are few
	completed    int
	oldestSeenAt int64 // no entry was seen before
	expiredAt    int64 // when expire last checked all peers
	announcedAt  int64 // when the swarm was last announced
}

// find returns the index of the peer at e, or -1.
func (r *peerSet) find(e endpoint) int {
	if r.index != nil {
		if i, ok := r.index[e]; ok {
			return int(i)
		}
		return -1
	}
	for i := range r.entries {
		if r.entries[i].endpoint == e {
			return i
		}
	}
	return -1
}

// countOf returns the number of peers of a holder.
func (r *peerSet) countOf(h holder) int {
	if r.holders != nil {
		return r.holders.count(h)
	}
	n := 0
	for i := range r.entries {
		if r.entries[i].holder() == h {
			n++
		}
	}
	return n
}

// oldest returns the index of the peer that announced longest ago. The set must not be
// empty.
func (r *peerSet) oldest() int {
	found := 0
	for i := range r.entries {
		if r.entries[i].seenAt < r.entries[found].seenAt {
			found = i
		}
	}
	return found
}

// oldestOf returns the index of the peer of h that announced longest ago. There must be
// one.
func (r *peerSet) oldestOf(h holder) int {
	found := -1
	for i := range r.entries {
		e := &r.entries[i]
		if e.holder() == h && (found < 0 || e.seenAt < r.entries[found].seenAt) {
			found = i
		}
	}
	return found
}

// oldestOfLargest returns the index of the peer to remove if there is no room for
// another: of the holder that has most, the one that announced longest ago. The set must
// not be empty.
func (r *peerSet) oldestOfLargest() int {
	var h holder
	count := 0
	if r.holders != nil {
		h, count = r.holders.largest()
	} else {
		for i := range r.entries {
			other := r.entries[i].holder()
			n := r.countOf(other)
			if n > count {
				h, count = other, n
			}
		}
	}
	if count == 1 {
		return r.oldest() // all have one
	}
	return r.oldestOf(h)
}

// add adds a peer that is not in the set.
func (r *peerSet) add(e entry, seed bool) {
	h := e.holder()
	if r.registry != nil && r.countOf(h) == 0 {
		r.registry.join(h)
	}
	if len(r.entries) == 0 || e.seenAt < r.oldestSeenAt {
		r.oldestSeenAt = e.seenAt
	}
	i := len(r.entries)
	r.entries = append(r.entries, e)
	if r.index != nil {
		r.index[e.endpoint] = int32(i)
		r.holders.add(h)
	} else if len(r.entries) > indexFrom {
		r.index, r.holders = make(map[endpoint]int32, 2*indexFrom), new(tally)
		for j := range r.entries {
			r.index[r.entries[j].endpoint] = int32(j)
			r.holders.add(r.entries[j].holder())
		}
	}
	if !seed {
		r.swap(i, r.leechers)
		r.leechers++
	}
}

// remove removes the peer at index i.
func (r *peerSet) remove(i int) {
	h := r.entries[i].holder()
	if i < r.leechers {
		r.leechers--
		r.swap(i, r.leechers)
		i = r.leechers
	}
	last := len(r.entries) - 1
	r.swap(i, last)
	if r.index != nil {
		delete(r.index, r.entries[last].endpoint)
		r.holders.remove(h)
	}
	r.entries = r.entries[:last]
	if r.registry != nil && r.countOf(h) == 0 {
		r.registry.leave(h)
	}
	switch {
	case last == 0:
		r.entries, r.index, r.holders = nil, nil, nil
	case last < indexFrom/2:
		r.index, r.holders = nil, nil
	case cap(r.entries) > 64 && last < cap(r.entries)/4:
		r.entries = append(make([]entry, 0, 2*last), r.entries...)
	}
}

// swap exchanges two peers.
func (r *peerSet) swap(i, j int) {
	if i == j {
		return
	}
	r.entries[i], r.entries[j] = r.entries[j], r.entries[i]
	if r.index != nil {
		r.index[r.entries[i].endpoint] = int32(i)
		r.index[r.entries[j].endpoint] = int32(j)
	}
}

// worthless reports whether nothing is lost with the swarm.
func (r *peerSet) worthless() bool { return len(r.entries) == 0 && r.completed == 0 }

// clear removes all peers.
func (r *peerSet) clear() {
	for len(r.entries) > 0 {
		r.remove(len(r.entries) - 1)
	}
}

// expire removes the peers that were last seen before a time, in nanoseconds. It checks
// them at most once a second, and only if one can be that old, so that most announces
// need not go through all peers.
func (r *peerSet) expire(before, now int64) {
	const second = 1_000_000_000
	recent := now >= r.expiredAt && now-r.expiredAt < second
	if len(r.entries) == 0 || r.oldestSeenAt >= before || recent {
		return
	}
	r.expiredAt, r.oldestSeenAt = now, now
	for i := len(r.entries) - 1; i >= 0; i-- {
		// Removing moves another peer to i: one from after i, which was
		// checked already, or the last leecher, which is checked next.
		for i < len(r.entries) && r.entries[i].seenAt < before {
			r.remove(i)
		}
	}
	for i := range r.entries {
		r.oldestSeenAt = min(r.oldestSeenAt, r.entries[i].seenAt)
	}
}

// sample appends up to want peers to dst, beginning at a random one. A seed gets only
// leechers. The peer that asks is left out.
func (r *peerSet) sample(dst []Peer, want int, e endpoint, id swarm.PeerID, seed bool, random *rand.Rand) []Peer {
	n := len(r.entries)
	if seed {
		n = r.leechers
	}
	if n == 0 || want <= 0 {
		return dst
	}
	start := random.IntN(n)
	for i := range n {
		if want == 0 {
			break
		}
		p := &r.entries[(start+i)%n]
		if p.endpoint == e || p.id == id {
			continue
		}
		dst = append(dst, Peer{ID: p.id, Addr: p.addr()})
		want--
	}
	return dst
}
