package routing

import (
	"cmp"
	"slices"
	"time"

	"github.com/shoal-bt/shoal/dht/krpc"
	"github.com/shoal-bt/shoal/dht/nodeid"
)

// K is how many nodes a bucket has, and how many are the nearest to a target.
const K = 8

// Config says how a table works. The zero value is what a node should use.
type Config struct {
	// EnforceIDs refuses nodes whose id does not fit their address (BEP 42). Otherwise
	// those that fit are preferred.
	EnforceIDs bool

	// Plain gives all buckets K places, as BEP 5 says. Otherwise the first four, which
	// cover most ids, have 128, 64, 32 and 16, which makes look-ups shorter.
	Plain bool

	// For comparisons: after how many queries in a row without an answer a node is bad, so
	// that one that waits takes its place, and after how many it is dropped in any case.
	// Zero means 2 and 5.
	BadAfter, DropAfter int
}

// A Table is the nodes that a node knows. Bucket i has those whose ids have exactly i bits
// at the front in common with ours, and the last one those with more.
type Table struct {
	config  Config
	self    nodeid.ID
	buckets []bucket
	hosts   map[host]nodeid.ID // who has which address; see hostOf
}

type bucket struct {
	nodes        []Node // in no order
	replacements []Node // answered once, and found no place; the newest last
	changedAt    time.Time
}

// New returns an empty table for a node.
func New(self nodeid.ID, c Config) *Table {
	c.BadAfter, c.DropAfter = cmp.Or(c.BadAfter, badFails), cmp.Or(c.DropAfter, maxFails)
	return &Table{config: c, self: self, buckets: make([]bucket, 1), hosts: make(map[host]nodeid.ID)}
}

// Self returns the id for which the table is.
func (t *Table) Self() nodeid.ID { return t.self }

// SetSelf changes our id. All nodes stay as far as they find places.
func (t *Table) SetSelf(self nodeid.ID) {
	old := t.buckets
	t.self, t.buckets = self, make([]bucket, 1)
	clear(t.hosts)
	for _, b := range old {
		for _, n := range slices.Concat(b.nodes, b.replacements) {
			t.add(n.AnsweredAt, n)
		}
	}
}

// index returns the bucket of an id.
func (t *Table) index(id nodeid.ID) int {
	return min(nodeid.CommonBits(t.self, id), len(t.buckets)-1)
}

// places returns how many nodes bucket i may have.
func (t *Table) places(i int) int {
	if t.config.Plain || i >= 4 {
		return K
	}
	return K << (4 - i)
}

// Len returns how many nodes there are.
func (t *Table) Len() (n int) {
	for i := range t.buckets {
		n += len(t.buckets[i].nodes)
	}
	return n
}

// Replacements returns how many nodes wait for a place.
func (t *Table) Replacements() (n int) {
	for i := range t.buckets {
		n += len(t.buckets[i].replacements)
	}
	return n
}

// All yields the nodes. The table must not be changed meanwhile.
func (t *Table) All(yield func(*Node) bool) {
	for i := range t.buckets {
		for j := range t.buckets[i].nodes {
			if !yield(&t.buckets[i].nodes[j]) {
				return
			}
		}
	}
}

// Good returns how many nodes are good.
func (t *Table) Good(now time.Time) (n int) {
	for node := range t.All {
		if node.Status(now) == Good {
			n++
		}
	}
	return n
}

// Closest appends up to n nodes that are not bad, the nearest to the target first. Nodes
// whose ids do not fit their addresses follow the others, and only if these are fewer than
// n: who chooses ids near a target must not hide the nodes that are there by chance.
func (t *Table) Closest(dst []krpc.Contact, target nodeid.ID, n int, now time.Time) []krpc.Contact {
	begin := len(dst)
	dst = slices.Grow(dst, min(n, 2*K)) // few want more
	dst = t.closest(dst, target, n, now, true)
	return t.closest(dst, target, n-(len(dst)-begin), now, false)
}

// closest appends the nearest of those that fit, or of those that do not. Nodes of the
// target's own bucket are nearest; then come those of the buckets behind it, which are about
// equally far, and then those before it, each farther than the one behind it.
func (t *Table) closest(dst []krpc.Contact, target nodeid.ID, n int, now time.Time, fits bool) []krpc.Contact {
	end := len(dst) + n
	own := t.index(target)
	dst = t.closestOf(dst, own, own+1, target, end, now, fits)
	dst = t.closestOf(dst, own+1, len(t.buckets), target, end, now, fits)
	for i := own - 1; i >= 0; i-- {
		dst = t.closestOf(dst, i, i+1, target, end, now, fits)
	}
	return dst
}

// closestOf appends the nearest nodes of some buckets until there are end.
func (t *Table) closestOf(dst []krpc.Contact, first, last int, target nodeid.ID, end int, now time.Time, fits bool) []krpc.Contact {
	begin := len(dst)
	if begin >= end {
		return dst
	}
	for i := first; i < last; i++ {
		nodes := t.buckets[i].nodes
		for j := range nodes {
			node := &nodes[j]
			isFull := len(dst) == end
			isOut := node.Fits != fits || (isFull && nodeid.Compare(target, dst[end-1].ID, node.ID) <= 0)
			if isOut || node.Status(now) == Bad {
				continue
			}
			if !isFull {
				dst = append(dst, krpc.Contact{})
			}
			k := len(dst) - 1
			for ; k > begin && nodeid.Compare(target, dst[k-1].ID, node.ID) > 0; k-- {
				dst[k] = dst[k-1]
			}
			dst[k] = node.Contact
		}
	}
	return dst
}

// Find returns the node with an id; nil if it is not there. It is valid until the table
// is changed.
func (t *Table) Find(id nodeid.ID) *Node {
	nodes := t.buckets[t.index(id)].nodes
	i := slices.IndexFunc(nodes, func(n Node) bool { return n.ID == id })
	if i < 0 {
		return nil
	}
	return &nodes[i]
}
