package routing

import (
	"math"
	"slices"
	"time"

	"github.com/shoal-bt/shoal/dht/krpc"
)

// Failed notes that a node did not answer a query. The second time in a row it is replaced,
// if somebody waits for its place.
func (t *Table) Failed(now time.Time, c krpc.Contact) {
	b := &t.buckets[t.index(c.ID)]
	i := slices.IndexFunc(b.nodes, func(n Node) bool { return n.ID == c.ID && n.Addr == c.Addr })
	if i < 0 {
		b.replacements = slices.DeleteFunc(b.replacements, func(n Node) bool { return n.ID == c.ID && n.Addr == c.Addr })
		return
	}
	n := &b.nodes[i]
	n.Fails = min(n.Fails, math.MaxUint16-1) + 1
	switch {
	case int(n.Fails) >= t.config.BadAfter && t.replace(now, b, i):
	case int(n.Fails) >= t.config.DropAfter:
		t.remove(b, i)
	}
}

// replace puts the best replacement into the place of node i. It reports false if there is
// none.
func (t *Table) replace(now time.Time, b *bucket, i int) bool {
	for len(b.replacements) > 0 {
		last := len(b.replacements) - 1
		for j := range b.replacements {
			if b.replacements[j].Fits && !b.replacements[last].Fits {
				last = j
			}
		}
		r := b.replacements[last]
		b.replacements = slices.Delete(b.replacements, last, last+1)
		_, taken := t.hosts[hostOf(r.Addr)]
		if taken || t.Find(r.ID) != nil {
			continue
		}
		old := b.nodes[i]
		t.remove(b, i)
		if b.hasNetwork(r.Addr.Addr()) {
			t.put(b.changedAt, b, old)
			i = len(b.nodes) - 1
			continue
		}
		t.put(now, b, r)
		return true
	}
	return false
}
