package trackerserver

import (
	"context"
	"hash/maphash"
	"math"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/shoal-bt/shoal/swarm"
)

// shardCount is the number of shards, each with its own lock.
const shardCount = 64

// A Memory is a Handler that keeps swarms in memory. All methods may be called
// concurrently. The Config bounds its memory: a peer needs about 80 bytes, or 170 in
// swarms of more than 16 peers, and a swarm about 400. A swarm without peers is forgotten
// some time after its last announce, together with its count of completed downloads; at
// once if that is 0.
//
// No address can take the room of others: it may have only so many peers and swarms, and
// when all room is taken, the address that has most gives some up.
type Memory struct {
	config     Config // with defaults
	seed       maphash.Seed
	shards     [shardCount]shard
	registry   registry
	peers      atomic.Int64
	seeds      atomic.Int64
	madeRoomAt atomic.Int64 // when makeRoom last swept, in nanoseconds
}

// A shard holds some of the swarms.
type shard struct {
	mu      sync.Mutex
	swarms  map[swarm.ID]*peerSet
	random  *rand.Rand
	sweptAt int64 // when sweep last ran, in nanoseconds
}

// NewMemory makes a Memory. It uses Expiry, MaxSwarms, MaxPeers, MaxTotalPeers,
// MaxSwarmsPerAddress, MaxPeersPerAddress, Allow and Now of c, and Interval if Expiry is
// zero.
func NewMemory(c Config) *Memory {
	m := &Memory{config: c.withDefaults(), seed: maphash.MakeSeed()}
	now := m.config.Now().UnixNano()
	for i := range m.shards {
		m.shards[i].random = rand.New(rand.NewPCG(rand.Uint64(), rand.Uint64()))
		m.shards[i].sweptAt = now
	}
	return m
}

// shard returns the shard of a swarm. The hash is seeded, so that nobody can choose
// info hashes that all belong to the same shard.
func (m *Memory) shard(id swarm.ID) *shard {
	return &m.shards[maphash.Bytes(m.seed, id[:])%shardCount]
}

// Announce implements Handler.
func (m *Memory) Announce(_ context.Context, r *Request, reply *Reply) error {
	if m.config.Allow != nil && !m.config.Allow(r.Swarm) {
		return errNotAllowed
	}
	now := m.config.Now().UnixNano()
	victim := m.announce(r, reply, now)
	for tries := 0; victim != nil; tries++ {
		if tries == maxEvictions {
			return errFull // others took the room each time
		}
		if !m.makeRoom(now) {
			m.evict(victim)
		}
		victim = m.announce(r, reply, now)
	}
	return nil
}

// maxEvictions is how many swarms are removed at most to make room for one.
const maxEvictions = 8

// announce records the peer of a request and fills in reply. If there is no room for a
// new swarm, it does neither and returns the swarm that has to be removed first.
func (m *Memory) announce(r *Request, reply *Reply, now int64) (victim *peerSet) {
	s := m.shard(r.Swarm)
	s.mu.Lock()
	defer s.mu.Unlock()
	m.sweepIfDue(s, now)
	e := newEndpoint(r.Addr)
	set := s.swarms[r.Swarm]
	if set == nil {
		if r.Event == swarm.Stopped || e.port == 0 {
			return nil // there is no peer to keep
		}
		if m.inTooMany(e) {
			reply.Warning = warnTooMany
			return nil
		}
		if set, victim = m.addSwarm(s, r.Swarm, e, now); victim != nil {
			return victim
		}
	}
	set.announcedAt = now
	m.registry.announced(set)
	m.changeSet(set, func() {
		set.expire(now-int64(m.config.Expiry), now)
		if !m.recordPeer(set, e, r, now) {
			reply.Warning = warnTooMany
		}
	})
	reply.Seeds = len(set.entries) - set.leechers
	reply.Leechers = set.leechers
	reply.Completed = set.completed
	if r.Event != swarm.Stopped {
		reply.Peers = set.sample(reply.Peers, r.Want, e, r.Peer, r.Seed(), s.random)
	}
	if set.worthless() {
		m.removeSwarm(s, set)
	}
	return nil
}

// warnTooMany is for a peer that is not kept.
const warnTooMany = "your address is in too many torrents of this tracker; other peers do not learn of you"

// inTooMany reports whether the address of e may not join another swarm.
func (m *Memory) inTooMany(e endpoint) bool {
	return !e.isLoopback() && m.registry.joined(e.holder()) >= m.config.MaxSwarmsPerAddress
}

// recordPeer adds, updates or removes the peer of a request at e. It returns false if
// the peer was not kept because its address is in too many swarms.
func (m *Memory) recordPeer(r *peerSet, e endpoint, q *Request, now int64) (kept bool) {
	if e.port == 0 {
		return true // the peer accepts no connections
	}
	i := r.find(e)
	wasSeed := i >= r.leechers
	if q.Event == swarm.Stopped {
		if i >= 0 {
			r.remove(i)
		}
		return true
	}
	if i < 0 && !m.makeRoomInSwarm(r, e) {
		return false
	}
	if q.Event == swarm.Completed && q.Seed() && !wasSeed {
		r.completed++ // not for a peer that was a seed already
	}
	switch {
	case i >= 0 && wasSeed == q.Seed():
		r.entries[i].seenAt, r.entries[i].id = now, q.Peer
		return true
	case i >= 0:
		r.remove(i)
	}
	r.add(entry{endpoint: e, id: q.Peer, seenAt: now}, q.Seed())
	return true
}

// full reports whether there is room for no more peers.
func (m *Memory) full() bool { return m.peers.Load() >= int64(m.config.MaxTotalPeers) }

// makeRoomInSwarm removes a peer if there is no room for one at e, so that no address
// takes the room of others. It reports whether there is room then.
func (m *Memory) makeRoomInSwarm(r *peerSet, e endpoint) bool {
	h := e.holder()
	count := r.countOf(h)
	switch {
	case count == 0 && m.inTooMany(e):
		return false
	case count >= m.config.MaxPeersPerAddress && !e.isLoopback():
		r.remove(r.oldestOf(h))
	case len(r.entries) >= m.config.MaxPeers, len(r.entries) > 0 && m.full():
		r.remove(r.oldestOfLargest())
	}
	return true
}

// changeSet calls f, which changes r, and keeps the totals.
func (m *Memory) changeSet(r *peerSet, f func()) {
	peers, leechers := len(r.entries), r.leechers
	f()
	if d := len(r.entries) - peers; d != 0 {
		m.peers.Add(int64(d))
	}
	if d := (len(r.entries) - r.leechers) - (peers - leechers); d != 0 {
		m.seeds.Add(int64(d))
	}
}

// addSwarm adds a swarm without peers for the peer at e. If there is no room, it returns
// the swarm that has to be removed first.
func (m *Memory) addSwarm(s *shard, id swarm.ID, e endpoint, now int64) (r, victim *peerSet) {
	r = &peerSet{registry: &m.registry, expiredAt: now}
	limit, limitOfHolder := m.config.MaxSwarms, m.config.MaxSwarmsPerAddress
	if m.full() {
		limit = 1 // there is no room for the peer before another swarm is gone
	}
	if e.isLoopback() {
		limitOfHolder = math.MaxInt32
	}
	victim = m.registry.add(r, id, e.holder(), limit, limitOfHolder)
	if victim != nil {
		return nil, victim
	}
	if s.swarms == nil {
		s.swarms = make(map[swarm.ID]*peerSet)
	}
	s.swarms[id] = r
	return r, nil
}

// removeSwarm removes a swarm with its peers. The caller holds the lock of s.
func (m *Memory) removeSwarm(s *shard, r *peerSet) {
	m.changeSet(r, r.clear)
	delete(s.swarms, r.id)
	m.registry.remove(r)
}

// evict removes a swarm that the registry named, unless it is gone already.
func (m *Memory) evict(r *peerSet) {
	s := m.shard(r.id)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.swarms[r.id] == r {
		m.removeSwarm(s, r)
	}
}

// Scrape implements Handler.
func (m *Memory) Scrape(_ context.Context, ids []swarm.ID, counts []Counts) error {
	now := m.config.Now().UnixNano()
	for i, id := range ids {
		if m.config.Allow != nil && !m.config.Allow(id) {
			continue
		}
		s := m.shard(id)
		s.mu.Lock()
		m.sweepIfDue(s, now)
		if r := s.swarms[id]; r != nil {
			m.changeSet(r, func() { r.expire(now-int64(m.config.Expiry), now) })
			counts[i] = Counts{Seeds: len(r.entries) - r.leechers, Leechers: r.leechers, Completed: r.completed}
		}
		s.mu.Unlock()
	}
	return nil
}

// Sweep removes all expired peers and swarms. Announces and scrapes also do this, one
// shard at a time, so only a tracker without requests needs to call it.
func (m *Memory) Sweep() {
	now := m.config.Now().UnixNano()
	for i := range m.shards {
		s := &m.shards[i]
		s.mu.Lock()
		m.sweep(s, now)
		s.mu.Unlock()
	}
}

// makeRoom sweeps after a swarm was refused, and reports whether it did. It does so at
// most every ten seconds, because a full tracker would otherwise sweep all the time.
func (m *Memory) makeRoom(now int64) bool {
	last := m.madeRoomAt.Load()
	recent := now >= last && now-last < int64(10*time.Second)
	if recent || !m.madeRoomAt.CompareAndSwap(last, now) {
		return false
	}
	m.Sweep()
	return true
}

// sweepIfDue sweeps a shard eight times during Expiry, so that the cost for each
// announce stays small.
func (m *Memory) sweepIfDue(s *shard, now int64) {
	if now-s.sweptAt >= int64(m.config.Expiry)/8 || now < s.sweptAt {
		m.sweep(s, now)
	}
}

func (m *Memory) sweep(s *shard, now int64) {
	s.sweptAt = now
	before := now - int64(m.config.Expiry)
	for _, r := range s.swarms {
		m.changeSet(r, func() {
			r.expiredAt = 0
			r.expire(before, now)
		})
		if r.worthless() || (len(r.entries) == 0 && r.announcedAt < before) {
			m.removeSwarm(s, r)
		}
	}
}

// Totals are the numbers of all swarms in a Memory.
type Totals struct {
	Swarms int // including swarms without peers that are not forgotten yet
	Peers  int // seeds and leechers
	Seeds  int
}

// Totals returns the current numbers. They may include expired peers and swarms; see
// Sweep.
func (m *Memory) Totals() Totals {
	return Totals{Swarms: m.registry.size(), Peers: int(m.peers.Load()), Seeds: int(m.seeds.Load())}
}
