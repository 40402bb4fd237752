package routing

import (
	"net/netip"
	"slices"
	"time"

	"github.com/shoal-bt/shoal/dht/krpc"
	"github.com/shoal-bt/shoal/dht/nodeid"
)

// Answered adds a node that has just answered a query, rtt after it was sent, or notes that
// it did so again. It reports whether the node is in the table now.
func (t *Table) Answered(now time.Time, c krpc.Contact, rtt time.Duration) bool {
	if c.ID == t.self {
		return false
	}
	known := t.Find(c.ID)
	if known != nil && known.Addr == c.Addr {
		known.answered(now, rtt)
		t.buckets[t.index(c.ID)].changedAt = now
		return true
	}
	n := Node{Contact: c, Fits: nodeid.Fits(c.ID, c.Addr.Addr()), badAfter: uint16(t.config.BadAfter)}
	n.answered(now, rtt)
	return t.add(now, n)
}

// Asked notes that a node has asked us something, which keeps it good. One that has never
// answered is not in the table, and is not added.
func (t *Table) Asked(now time.Time, c krpc.Contact) {
	n := t.Find(c.ID)
	if n != nil && n.Addr == c.Addr {
		n.AskedAt = now
	}
}

// Wants reports whether a node that has not answered yet might find a place.
func (t *Table) Wants(now time.Time, c krpc.Contact) bool {
	n := Node{Contact: c, Fits: nodeid.Fits(c.ID, c.Addr.Addr())}
	_, taken := t.hosts[hostOf(c.Addr)]
	i := t.index(c.ID)
	b := &t.buckets[i]
	mayBe := c.ID != t.self && !taken && t.Find(c.ID) == nil && (n.Fits || !t.config.EnforceIDs) && !b.hasNetwork(c.Addr.Addr())
	if !mayBe {
		return false
	}
	hasRoom := len(b.nodes) < t.places(i) || i == len(t.buckets)-1 || len(b.replacements) < K
	return hasRoom || b.victim(now, n) >= 0
}

// add finds a place for a node that has answered.
func (t *Table) add(now time.Time, n Node) bool {
	if (t.config.EnforceIDs && !n.Fits) || !t.resolve(now, n) {
		return false
	}
	for {
		i := t.index(n.ID)
		b := &t.buckets[i]
		if b.hasNetwork(n.Addr.Addr()) {
			return false
		}
		if len(b.nodes) < t.places(i) {
			t.put(now, b, n)
			return true
		}
		if i == len(t.buckets)-1 && i < nodeid.Bits-1 {
			t.split()
			continue
		}
		v := b.victim(now, n)
		if v < 0 {
			b.keep(n)
			return false
		}
		old := b.nodes[v]
		t.remove(b, v)
		if old.Status(now) != Bad {
			b.keep(old)
		}
		t.put(now, b, n)
		return true
	}
}

// put adds a node to a bucket that has room.
func (t *Table) put(now time.Time, b *bucket, n Node) {
	b.replacements = slices.DeleteFunc(b.replacements, func(o Node) bool { return o.ID == n.ID || hostOf(o.Addr) == hostOf(n.Addr) })
	b.nodes = append(b.nodes, n)
	b.changedAt = now
	t.hosts[hostOf(n.Addr)] = n.ID
}

func (t *Table) remove(b *bucket, i int) {
	delete(t.hosts, hostOf(b.nodes[i].Addr))
	b.nodes = slices.Delete(b.nodes, i, i+1)
}

// resolve settles what happens if the id or the address is there already: the old node
// stays if it is good, and goes otherwise. A node that has a new id keeps its address. It
// reports false if the new one is refused.
func (t *Table) resolve(now time.Time, n Node) bool {
	other, taken := t.hosts[hostOf(n.Addr)]
	if taken && other != n.ID {
		old := t.Find(other)
		isSame := old.Addr == n.Addr // the node itself told us its new id
		if !isSame && old.Status(now) == Good {
			return false
		}
		t.drop(other)
	}
	old := t.Find(n.ID)
	if old == nil {
		return true
	}
	if old.Status(now) == Good {
		return false
	}
	t.drop(n.ID)
	return true
}

// drop removes the node with an id.
func (t *Table) drop(id nodeid.ID) {
	b := &t.buckets[t.index(id)]
	i := slices.IndexFunc(b.nodes, func(n Node) bool { return n.ID == id })
	if i >= 0 {
		t.remove(b, i)
	}
}

// split divides the last bucket, again and again until what is left in the last one fits.
func (t *Table) split() {
	last := len(t.buckets) - 1
	old := t.buckets[last]
	t.buckets[last] = bucket{changedAt: old.changedAt}
	t.buckets = append(t.buckets, bucket{changedAt: old.changedAt})
	for _, n := range old.nodes {
		b := &t.buckets[t.index(n.ID)]
		b.nodes = append(b.nodes, n)
	}
	for _, n := range old.replacements {
		t.buckets[t.index(n.ID)].keep(n)
	}
	t.trim(last)
	if len(t.buckets[last+1].nodes) > t.places(last+1) {
		t.split()
	}
}

// trim makes replacements of the nodes that are too many in bucket i: it may have fewer
// places than the one of which it was a part.
func (t *Table) trim(i int) {
	b := &t.buckets[i]
	for len(b.nodes) > t.places(i) {
		n := b.nodes[len(b.nodes)-1]
		t.remove(b, len(b.nodes)-1)
		b.keep(n)
	}
}

// victim returns which node of a full bucket gives its place to a new one: a bad one, or
// one whose id does not fit its address while the new one's does; -1 for none.
func (b *bucket) victim(now time.Time, n Node) int {
	worst := -1
	for i := range b.nodes {
		o := &b.nodes[i]
		if o.Status(now) == Bad {
			return i
		}
		if n.Fits && !o.Fits && (worst < 0 || o.AnsweredAt.Before(b.nodes[worst].AnsweredAt)) {
			worst = i
		}
	}
	return worst
}

// keep remembers a node for when a place becomes free, one of each network, or who has a network
// would push the others out. Nodes whose ids fit stay longest.
func (b *bucket) keep(n Node) {
	isLocal, network := nodeid.Exempt(n.Addr.Addr()), NetworkOf(n.Addr.Addr())
	isNeighbor := func(o Node) bool { return !isLocal && NetworkOf(o.Addr.Addr()) == network }
	isBetter := func(o Node) bool { return o.Fits && !n.Fits && isNeighbor(o) }
	if slices.ContainsFunc(b.replacements, isBetter) {
		return
	}
	b.replacements = slices.DeleteFunc(b.replacements, func(o Node) bool {
		return o.ID == n.ID || hostOf(o.Addr) == hostOf(n.Addr) || isNeighbor(o)
	})
	if len(b.replacements) == K {
		i := max(slices.IndexFunc(b.replacements, func(o Node) bool { return !o.Fits }), 0)
		if !n.Fits && b.replacements[i].Fits {
			return
		}
		b.replacements = slices.Delete(b.replacements, i, i+1)
	}
	b.replacements = append(b.replacements, n)
}

// hasNetwork reports whether the bucket has a node of the same /24 or /64: who has a
// network must not fill it.
func (b *bucket) hasNetwork(a netip.Addr) bool {
	if nodeid.Exempt(a) {
		return false
	}
	net := NetworkOf(a)
	return slices.ContainsFunc(b.nodes, func(o Node) bool { return NetworkOf(o.Addr.Addr()) == net })
}

// NetworkOf returns the network that counts as one party: the /24 of an IPv4 address, the
// /64 of an IPv6 address.
func NetworkOf(a netip.Addr) netip.Prefix {
	n := 64
	if a.Is4() {
		n = 24
	}
	p, _ := a.WithZone("").Prefix(n)
	return p
}

// A host is what only one node may have: an address, or address and port in local networks,
// where one machine may run many nodes. It has no pointer, which the garbage collector of a
// simulation would follow.
type host struct {
	addr [16]byte
	port uint16
}

func hostOf(a netip.AddrPort) host {
	h := host{addr: a.Addr().As16()}
	if nodeid.Exempt(a.Addr()) {
		h.port = a.Port()
	}
	return h
}
