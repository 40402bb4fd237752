package trackerserver

import (
	"context"
	"hash/maphash"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/shoal-bt/shoal/swarm"
)

// shardCount is the number of shards, each with its own lock.
const shardCount = 64

// A Memory is a Handler that keeps swarms in memory. All methods may be called
// concurrently. The Config bounds its memory: a peer needs about 60 bytes, or 100 in
// swarms of more than 16 peers, and a swarm about 200. A swarm is forgotten some time
// after its last announce, together with its count of completed downloads.
type Memory struct {
	config     Config // with defaults
	seed       maphash.Seed
	shards     [shardCount]shard
	swarms     atomic.Int64
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

// NewMemory makes a Memory. It uses Expiry, MaxSwarms, MaxPeers, Allow and Now of c, and
// Interval if Expiry is zero.
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
	err := m.announce(r, reply, now)
	if err == errFull && m.makeRoom(now) {
		err = m.announce(r, reply, now)
	}
	return err
}

func (m *Memory) announce(r *Request, reply *Reply, now int64) error {
	s := m.shard(r.Swarm)
	s.mu.Lock()
	defer s.mu.Unlock()
	m.sweepIfDue(s, now)
	set := s.swarms[r.Swarm]
	if set == nil {
		if r.Event == swarm.Stopped {
			return nil
		}
		var err error
		if set, err = m.addSwarm(s, r.Swarm, now); err != nil {
			return err
		}
	}
	set.announcedAt = now
	m.changeSet(set, func() {
		set.expire(now-int64(m.config.Expiry), now)
		m.recordPeer(set, r, now)
	})
	reply.Seeds = len(set.entries) - set.leechers
	reply.Leechers = set.leechers
	reply.Completed = set.completed
	if r.Event != swarm.Stopped {
		reply.Peers = set.sample(reply.Peers, r.Want, newEndpoint(r.Addr), r.Peer, r.Seed(), s.random)
	}
	return nil
}

// recordPeer adds, updates or removes the peer of a request.
func (m *Memory) recordPeer(r *peerSet, q *Request, now int64) {
	if q.Addr.Port() == 0 {
		return // the peer accepts no connections
	}
	e := newEndpoint(q.Addr)
	i := r.find(e)
	wasSeed := i >= r.leechers
	if q.Event == swarm.Stopped {
		if i >= 0 {
			r.remove(i)
		}
		return
	}
	if i < 0 && len(r.entries) >= m.config.MaxPeers {
		return
	}
	if q.Event == swarm.Completed && q.Seed() && !wasSeed {
		r.completed++ // not for a peer that was a seed already
	}
	switch {
	case i >= 0 && wasSeed == q.Seed():
		r.entries[i].seenAt, r.entries[i].id = now, q.Peer
		return
	case i >= 0:
		r.remove(i)
	}
	r.add(entry{endpoint: e, id: q.Peer, seenAt: now}, q.Seed())
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

// addSwarm adds a swarm without peers, or returns errFull.
func (m *Memory) addSwarm(s *shard, id swarm.ID, now int64) (*peerSet, error) {
	if m.swarms.Add(1) > int64(m.config.MaxSwarms) {
		m.swarms.Add(-1)
		return nil, errFull
	}
	if s.swarms == nil {
		s.swarms = make(map[swarm.ID]*peerSet)
	}
	r := &peerSet{expiredAt: now}
	s.swarms[id] = r
	return r, nil
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
	for id, r := range s.swarms {
		m.changeSet(r, func() {
			r.expiredAt = 0
			r.expire(before, now)
		})
		if len(r.entries) == 0 && r.announcedAt < before {
			delete(s.swarms, id)
			m.swarms.Add(-1)
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
	return Totals{Swarms: int(m.swarms.Load()), Peers: int(m.peers.Load()), Seeds: int(m.seeds.Load())}
}
