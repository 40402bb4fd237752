package storage

import (
	"errors"
	"maps"
	"math/rand/v2"
	"net/netip"
	"slices"
	"time"

	"github.com/shoal-bt/shoal/dht/bloom"
	"github.com/shoal-bt/shoal/dht/nodeid"
)

const (
	peersFor     = 30 * time.Minute // after the last announce
	maxPeers     = 100_000          // in all
	maxSwarms    = 20_000
	roomShare    = 50    // a fiftieth is dropped at once if there is no room
	maxOfSwarm   = 1_000 // of one swarm; the oldest goes
	maxOfAddress = 200   // entries of one address, or one /64
	maxInSwarm   = 8     // of these in one swarm

	// A swarm of manyPeers is counted once in countEvery at most, because anybody may ask
	// for the count and that costs them one datagram.
	manyPeers  = 50
	countEvery = 30 * time.Second
)

// ErrFull means that an address has stored as much as it may.
var ErrFull = errors.New("dht: the address has stored enough")

// Peers are the peers that announced themselves, by swarm. The zero Peers is empty.
type Peers struct {
	swarms  map[nodeid.ID][]peer
	holders map[netip.Addr]int // entries of each
	total   int
	counts  map[nodeid.ID]*count // of swarms with many peers

	samples   []byte // of hashes; see Sample
	sampledAt time.Time
}

// A count is the peers of a swarm as sets.
type count struct {
	seeds, others bloom.Filter
	at            time.Time
}

// A peer is known by its address and port, because several may be behind one address.
type peer struct {
	addr netip.AddrPort
	at   time.Time
	seed bool
}

// holderOf returns who counts as one: an address, or a /64.
func holderOf(a netip.Addr) netip.Addr {
	if a.Is4() {
		return a
	}
	p, _ := a.WithZone("").Prefix(64)
	return p.Addr()
}

// Add stores a peer, or that it is still there. Who has many peers in a swarm loses the
// oldest, and the others of the swarm stay. The error is ErrFull.
func (p *Peers) Add(now time.Time, self, swarm nodeid.ID, addr netip.AddrPort, seed bool) error {
	if p.swarms == nil {
		p.swarms, p.holders = make(map[nodeid.ID][]peer), make(map[netip.Addr]int)
	}
	all := p.swarms[swarm]
	i := slices.IndexFunc(all, func(o peer) bool { return o.addr == addr })
	if i >= 0 {
		all = slices.Delete(all, i, i+1)
		p.swarms[swarm] = append(all, peer{addr, now, seed}) // the oldest first
		return nil
	}
	holder := holderOf(addr.Addr())
	if own, n := oldestOf(holder, all); n >= maxInSwarm {
		p.swarms[swarm] = append(slices.Delete(all, own, own+1), peer{addr, now, seed})
		return nil
	}
	if p.holders[holder] >= maxOfAddress {
		return ErrFull
	}
	if p.total >= maxPeers || (len(all) == 0 && len(p.swarms) >= maxSwarms) {
		p.makeRoom(self)
	}
	if len(all) >= maxOfSwarm {
		p.release(all[0])
		all = slices.Delete(all, 0, 1)
	}
	p.swarms[swarm] = append(all, peer{addr, now, seed})
	p.holders[holder]++
	p.total++
	return nil
}

// oldestOf returns where the oldest peer of a holder is, and how many it has.
func oldestOf(holder netip.Addr, all []peer) (oldest, n int) {
	for i := len(all) - 1; i >= 0; i-- {
		if holderOf(all[i].addr.Addr()) == holder {
			oldest = i
			n++
		}
	}
	return oldest, n
}

// release forgets who had an entry.
func (p *Peers) release(o peer) {
	holder := holderOf(o.addr.Addr())
	p.holders[holder]--
	if p.holders[holder] == 0 {
		delete(p.holders, holder)
	}
	p.total--
}

// makeRoom drops the swarms that are farthest from our id, until there is some room. It
// drops several at once, because finding them takes a while.
func (p *Peers) makeRoom(self nodeid.ID) {
	for _, hash := range farthestFirst(self, p.swarms) {
		if p.total <= maxPeers-maxPeers/roomShare && len(p.swarms) <= maxSwarms-maxSwarms/roomShare {
			return
		}
		p.drop(hash)
	}
}

// farthestFirst returns the keys of a map, those that are farthest from an id first.
func farthestFirst[V any](from nodeid.ID, m map[nodeid.ID]V) []nodeid.ID {
	return slices.SortedFunc(maps.Keys(m), func(a, b nodeid.ID) int { return nodeid.Compare(from, b, a) })
}

func (p *Peers) drop(swarm nodeid.ID) {
	for _, o := range p.swarms[swarm] {
		p.release(o)
	}
	p.forget(swarm)
}

// forget forgets a swarm whose peers were released.
func (p *Peers) forget(swarm nodeid.ID) {
	delete(p.swarms, swarm)
	delete(p.counts, swarm)
}

// Expire forgets the peers that have not announced themselves for half an hour.
func (p *Peers) Expire(now time.Time) {
	for swarm, all := range p.swarms {
		n := 0
		for n < len(all) && now.Sub(all[n].at) >= peersFor {
			p.release(all[n])
			n++
		}
		switch {
		case n == len(all):
			p.forget(swarm)
		case n > 0:
			p.swarms[swarm] = slices.Clone(all[n:])
		}
	}
}

// Len returns how many peers and swarms there are.
func (p *Peers) Len() (peers, swarms int) { return p.total, len(p.swarms) }

// Get appends up to n peers of a swarm, chosen by chance. With noSeed seeds come only if
// there are not enough others.
func (p *Peers) Get(dst []netip.AddrPort, swarm nodeid.ID, n int, noSeed bool, random *rand.Rand) []netip.AddrPort {
	all := p.swarms[swarm]
	if len(all) == 0 || n <= 0 {
		return dst
	}
	begin, first := len(dst), random.IntN(len(all))
	for _, seeds := range []bool{false, true} {
		for i := range all {
			o := &all[(first+i)%len(all)]
			isWanted := !noSeed && !seeds || noSeed && o.seed == seeds
			if isWanted && len(dst)-begin < n {
				dst = append(dst, o.addr)
			}
		}
	}
	return dst
}

// Full reports whether a swarm has as many peers as are counted well
// (https://www.bittorrent.org/beps/bep_0033.html, "Changed announce accounting").
func (p *Peers) Full(swarm nodeid.ID) bool { return len(p.swarms[swarm]) >= maxOfSwarm }

// Filters returns the seeds and the other peers of a swarm as sets, of the last half minute; nil
// if it has none (https://www.bittorrent.org/beps/bep_0033.html, "New GET_PEERS semantics").
// They must not be changed.
func (p *Peers) Filters(now time.Time, swarm nodeid.ID) (seeds, others *bloom.Filter) {
	all := p.swarms[swarm]
	if len(all) == 0 {
		return nil, nil
	}
	c := p.counts[swarm]
	if c != nil && now.Sub(c.at) < countEvery {
		return &c.seeds, &c.others
	}
	c = &count{at: now}
	for _, o := range all {
		if o.seed {
			c.seeds.Add(o.addr.Addr())
		} else {
			c.others.Add(o.addr.Addr())
		}
	}
	delete(p.counts, swarm)
	if len(all) >= manyPeers {
		if p.counts == nil {
			p.counts = make(map[nodeid.ID]*count)
		}
		p.counts[swarm] = c
	}
	return &c.seeds, &c.others
}
