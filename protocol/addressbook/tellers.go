package addressbook

import (
	"cmp"
	"net/netip"
	"time"

	"github.com/shoal-bt/shoal/protocol/places"
	"github.com/shoal-bt/shoal/swarm"
)

const (
	// maxNamed is how many addresses peers may have named, of those that a Book
	// remembers: what sources and users name always has room. maxNamedBy is how many of
	// them one peer may have named.
	maxNamed   = maxKnown / 2
	maxNamedBy = maxNamed / 2
)

// A teller is who named addresses: the subscriber of a peer (peer exchange,
// https://www.bittorrent.org/beps/bep_0011.html), or sources and users together, who have
// the zero Addr. The addresses of each take turns in being dialed, so that no peer keeps
// those of others waiting with many that lead nowhere.
type teller struct {
	peer    netip.Addr
	entries int
	dials   int // of all its entries, since there are any
}

// isPeer reports whether the addresses come from a peer.
func (t *teller) isPeer() bool { return t.peer.IsValid() }

// AddNamed adds an address that a connected peer named, found in some swarms, and reports
// whether the Book has it now. by is the address of that peer. What is known does not change,
// and not added is what
//
//   - cannot be dialed, or is our own address;
//   - is more local than the peer, because it would only lead into somebody's network;
//   - is another port of an address that is known, or was dialed within the last hour because
//     a peer had named it: otherwise peers could have us dial one victim without end;
//   - would be more than peers together, or this one alone, may have named.
//
// If peers have named too many, those of the peer that named most give way.
func (b *Book) AddNamed(now time.Time, a swarm.Address, in Swarms, by netip.Addr) bool {
	addr := unmapped(a.AddrPort)
	if places.Locality(addr.Addr()) > places.Locality(by) {
		return false
	}
	by = subscriber(by)
	if b.known[addr] != nil {
		return true
	}
	isOurs := addr == b.ownOf(addr.Addr())
	if isOurs || !dialable(addr) || b.hosts[addr.Addr()] != nil || b.tried.has(now, addr.Addr()) {
		return false
	}
	own := 0
	if t := b.tellers[by]; t != nil {
		own = t.entries
	}
	if own >= maxNamedBy || (b.named >= maxNamed && !b.shrinkLargest(own)) {
		return false
	}
	b.add(now, a, in, by)
	return b.known[addr] != nil
}

// shrinkLargest removes an address of the peer that named most: one that failed most often. It
// reports false if that peer has no more than one above own, or none that may go.
func (b *Book) shrinkLargest(own int) bool {
	if b.sizes == nil || b.sizes.largest <= own+1 {
		return false // without a look at all entries, because peers may name more all the time
	}
	var worst *entry
	for _, e := range b.order {
		t := e.teller
		if !t.isPeer() || t.entries <= own+1 || e.dialing || e.connected || e.self {
			continue
		}
		if worst == nil || cmp.Or(cmp.Compare(t.entries, worst.teller.entries), cmp.Compare(e.failures, worst.failures)) > 0 {
			worst = e
		}
	}
	if worst == nil {
		return false
	}
	b.remove(worst)
	return true
}

// sizes is how many peers named how many addresses.
type sizes struct {
	count   map[int]int // of peers, by number of addresses; not of zero
	largest int         // number of addresses of one peer
}

// change notes that a peer has named one address more or less.
func (s *sizes) change(from, to int) {
	s.count[from]--
	if s.count[from] <= 0 {
		delete(s.count, from)
	}
	if to > 0 {
		s.count[to]++
	}
	s.largest = max(s.largest, to)
	if s.largest == from && s.count[from] == 0 {
		s.largest = to
	}
}

// tellerOf returns the teller with an address, and makes one if there is none.
func (b *Book) tellerOf(by netip.Addr) *teller {
	t := b.tellers[by]
	if t == nil {
		t = &teller{peer: by}
		b.tellers[by] = t
	}
	return t
}

// join counts an entry among those of a teller.
func (b *Book) join(e *entry, t *teller) {
	e.teller = t
	t.entries++
	if t.isPeer() {
		b.named++
		if b.sizes == nil {
			b.sizes = &sizes{count: make(map[int]int)}
		}
		b.sizes.change(t.entries-1, t.entries)
	}
}

// leave undoes join. A teller without entries is forgotten.
func (b *Book) leave(e *entry) {
	t := e.teller
	t.entries--
	if t.isPeer() {
		b.named--
		b.sizes.change(t.entries+1, t.entries)
	}
	if t.entries == 0 {
		delete(b.tellers, t.peer)
	}
}

// adopt notes that a source or a user named an entry too. What a peer said of it counts no
// more.
func (b *Book) adopt(now time.Time, e *entry) {
	if !e.teller.isPeer() {
		return
	}
	if !e.dialed {
		e.seed, b.due = false, now
	}
	b.leave(e)
	b.join(e, b.tellerOf(netip.Addr{}))
}
