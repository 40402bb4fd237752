package addressbook

import (
	"net/netip"
	"time"

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

// AddNamed adds an address that a connected peer named, found in some swarms, unless it
// cannot be dialed or peers have named too many. It changes nothing of an address that is
// known. by is the address of that peer.
func (b *Book) AddNamed(now time.Time, a swarm.Address, in Swarms, by netip.Addr) {
	by = subscriber(by)
	t := b.tellers[by]
	isFull := b.named >= maxNamed || (t != nil && t.entries >= maxNamedBy)
	if isFull || b.known[unmapped(a.AddrPort)] != nil {
		return
	}
	b.add(now, a, in, by)
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
	}
}

// leave undoes join. A teller without entries is forgotten.
func (b *Book) leave(e *entry) {
	t := e.teller
	t.entries--
	if t.isPeer() {
		b.named--
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
