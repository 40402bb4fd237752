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
// concurrently. The Config bounds its memory: a peer needs about 55 bytes,
// with IPv6 85, in swarms of more than 16 peers 35 more, and a swarm needs about 250. A swarm without peers is forgotten
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
	madeRoomAt atomic.Int64 // when makeRoom last swept, in seconds since 1970
}

// A shard holds some of the swarms.
type shard struct {
	mu      sync.Mutex
	swarms  map[swarm.ID]*record
	random  *rand.Rand
	sweptAt int64 // when sweep last ran, in seconds since 1970
}

// NewMemory makes a Memory. It uses Expiry, MaxSwarms, MaxPeers, MaxTotalPeers,
// MaxSwarmsPerAddress, MaxPeersPerAddress, Allow and Now of c, and Interval if Expiry is
// zero.
func NewMemory(c Config) *Memory {
	m := &Memory{config: c.withDefaults(), seed: maphash.MakeSeed()}
	now := m.now()
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

// now returns the time in seconds since 1970, which is as exact as anything here is.
func (m *Memory) now() int64 { return m.config.Now().Unix() }

// expiry returns how long a peer is kept, in seconds, rounded up.
func (m *Memory) expiry() int64 { return int64((m.config.Expiry + time.Second - 1) / time.Second) }

// Announce implements Handler.
func (m *Memory) Announce(_ context.Context, q *Request, reply *Reply) error {
	if m.config.Allow != nil && !m.config.Allow(q.Swarm) {
		return errNotAllowed
	}
	n, now := newNewcomer(q), m.now()
	victim := m.announce(&n, reply, now)
	for tries := 0; victim != nil; tries++ {
		if tries == maxEvictions {
			return errFull // others took the room each time
		}
		if !m.makeRoom(now) {
			m.evict(victim)
		}
		victim = m.announce(&n, reply, now)
	}
	return nil
}

// maxEvictions is how many swarms are removed at most to make room for one.
const maxEvictions = 8

// announce records a peer and fills in reply. If there is no room for a new swarm, it does
// neither and returns the swarm that has to be removed first.
func (m *Memory) announce(n *newcomer, reply *Reply, now int64) (victim *record) {
	s := m.shard(n.Swarm)
	s.mu.Lock()
	defer s.mu.Unlock()
	m.sweepIfDue(s, now)
	r := s.swarms[n.Swarm]
	if r == nil {
		if n.Event == swarm.Stopped || n.Addr.Port() == 0 {
			return nil // there is no peer to keep
		}
		if m.inTooMany(n) {
			reply.Warning = warnTooMany
			return nil
		}
		if r, victim = m.addSwarm(s, n, now); victim != nil {
			return victim
		}
	}
	if r.announcedAt != uint32(now) {
		r.announcedAt = uint32(now)
		m.registry.announced(r)
	}
	m.change(r, func() {
		r.expire(&m.registry, now-m.expiry(), now)
		if !m.recordPeer(r, n, now) {
			reply.Warning = warnTooMany
		}
	})
	reply.Counts = r.counts()
	if n.Event != swarm.Stopped {
		reply.Peers = r.sample(reply.Peers, n, s.random)
	}
	if r.worthless() {
		m.removeSwarm(s, r)
	}
	return nil
}

// warnTooMany is for a peer that is not kept.
const warnTooMany = "your address is in too many torrents of this tracker; other peers do not learn of you"

// inTooMany reports whether the address of n may not join another swarm.
func (m *Memory) inTooMany(n *newcomer) bool {
	return !n.loopback && m.registry.joined(n.holder) >= m.config.MaxSwarmsPerAddress
}

// recordPeer adds, updates or removes the peer n. It returns false if the peer was not
// kept because its address is in too many swarms.
func (m *Memory) recordPeer(r *record, n *newcomer, now int64) (kept bool) {
	if n.Addr.Port() == 0 {
		return true // the peer accepts no connections
	}
	if n.addr.Is4() {
		return recordIn(m, r, &r.four, n.at4(), n, now)
	}
	return recordIn(m, r, &r.six, n.at6(), n, now)
}

// recordIn is recordPeer for a peer at e, which is in set or belongs there.
func recordIn[E endpoint](m *Memory, r *record, set *peerSet[E], e E, n *newcomer, now int64) (kept bool) {
	i := set.find(e)
	if i < 0 && n.Event != swarm.Stopped && !m.makeRoomInSwarm(r, n) {
		return false
	}
	update(r, &m.registry, set, i, e, n, now)
	return true
}

// full reports whether there is room for no more peers.
func (m *Memory) full() bool { return m.peers.Load() >= int64(m.config.MaxTotalPeers) }

// makeRoomInSwarm removes a peer if there is no room for n, so that no address takes the
// room of others. It reports whether there is room then.
func (m *Memory) makeRoomInSwarm(r *record, n *newcomer) bool {
	count := r.countOf(n.holder)
	switch {
	case count == 0 && m.inTooMany(n):
		return false
	case count >= m.config.MaxPeersPerAddress && !n.loopback:
		r.removeOldestOf(&m.registry, n.holder)
	case r.size() >= m.config.MaxPeers, r.size() > 0 && m.full():
		r.makeRoom(&m.registry)
	}
	return true
}

// change calls f, which changes r, and keeps the totals.
func (m *Memory) change(r *record, f func()) {
	peers, seeds := r.size(), r.four.seeds+r.six.seeds
	f()
	if d := r.size() - peers; d != 0 {
		m.peers.Add(int64(d))
	}
	if d := r.four.seeds + r.six.seeds - seeds; d != 0 {
		m.seeds.Add(int64(d))
	}
}

// addSwarm adds a swarm without peers for the peer n. If there is no room, it returns
// the swarm that has to be removed first.
func (m *Memory) addSwarm(s *shard, n *newcomer, now int64) (r, victim *record) {
	r = new(record)
	limit, limitOfHolder := m.config.MaxSwarms, m.config.MaxSwarmsPerAddress
	if m.full() {
		limit = 1 // there is no room for the peer before another swarm is gone
	}
	if n.loopback {
		limitOfHolder = math.MaxInt32
	}
	victim = m.registry.add(r, n.Swarm, n.holder, limit, limitOfHolder)
	if victim != nil {
		return nil, victim
	}
	if s.swarms == nil {
		s.swarms = make(map[swarm.ID]*record)
	}
	s.swarms[n.Swarm] = r
	return r, nil
}

// removeSwarm removes a swarm with its peers. The caller holds the lock of s.
func (m *Memory) removeSwarm(s *shard, r *record) {
	m.change(r, func() { r.clear(&m.registry) })
	delete(s.swarms, r.id)
	m.registry.remove(r)
}

// evict removes a swarm that the registry named, unless it is gone already.
func (m *Memory) evict(r *record) {
	s := m.shard(r.id)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.swarms[r.id] == r {
		m.removeSwarm(s, r)
	}
}

// Scrape implements Handler.
func (m *Memory) Scrape(_ context.Context, ids []swarm.ID, counts []Counts) error {
	now := m.now()
	for i, id := range ids {
		if m.config.Allow != nil && !m.config.Allow(id) {
			continue
		}
		s := m.shard(id)
		s.mu.Lock()
		m.sweepIfDue(s, now)
		if r := s.swarms[id]; r != nil {
			m.change(r, func() { r.expire(&m.registry, now-m.expiry(), now) })
			counts[i] = r.counts()
		}
		s.mu.Unlock()
	}
	return nil
}

// Sweep removes all expired peers and swarms. Announces and scrapes also do this, one
// shard at a time, so only a tracker without requests needs to call it.
func (m *Memory) Sweep() {
	now := m.now()
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
	recent := now >= last && now-last < 10
	if recent || !m.madeRoomAt.CompareAndSwap(last, now) {
		return false
	}
	m.Sweep()
	return true
}

// sweepIfDue sweeps a shard eight times during Expiry, so that the cost for each
// announce stays small.
func (m *Memory) sweepIfDue(s *shard, now int64) {
	if now-s.sweptAt >= max(1, m.expiry()/8) || now < s.sweptAt {
		m.sweep(s, now)
	}
}

func (m *Memory) sweep(s *shard, now int64) {
	s.sweptAt = now
	before := now - m.expiry()
	for _, r := range s.swarms {
		m.change(r, func() {
			r.four.expiredAt, r.six.expiredAt = 0, 0
			r.expire(&m.registry, before, now)
		})
		if r.worthless() || (r.size() == 0 && int64(r.announcedAt) < before) {
			m.removeSwarm(s, r)
		}
	}
}

// Totals are the numbers of all swarms in a Memory.
type Totals struct {
	Swarms int // including swarms without peers that are not forgotten yet
	Peers  int // seeds, partial seeds and leechers
	Seeds  int
}

// Totals returns the current numbers. They may include expired peers and swarms; see
// Sweep.
func (m *Memory) Totals() Totals {
	return Totals{Swarms: m.registry.swarms(), Peers: int(m.peers.Load()), Seeds: int(m.seeds.Load())}
}
