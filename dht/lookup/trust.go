package lookup

import (
	"slices"

	"github.com/shoal-bt/shoal/dht/krpc"
	"github.com/shoal-bt/shoal/dht/nodeid"
)

// doubtAfter is how many nodes that a node named may be late or fail, if less than a third as
// many answered, until its word counts for nothing.
const doubtAfter = 3

// namedBy notes who named a node; nil is a table, or a router. That counts for the teller
// as if it had been the first to name the node: of honest nodes most name the same ones.
func (n *node) namedBy(teller *node) {
	switch {
	case teller == nil:
		n.isVouched = true
		return
	case teller == n, slices.Contains(n.tellers, teller):
		return
	}
	n.tellers = append(n.tellers, teller)
	switch n.status {
	case answered:
		teller.right++
	case late, failed:
		teller.wrong++
	}
}

// judge counts for those who named a node that it answered, or that it did not.
func (n *node) judge(right, wrong int) {
	for _, t := range n.tellers {
		t.right += right
		t.wrong += wrong
	}
}

// isDoubtful reports whether most nodes that a node named do not answer: it may have made
// them up, or name victims. Of honest nodes a fifth names a dead one now and then.
func (n *node) isDoubtful() bool {
	return n.wrong >= doubtAfter && n.wrong > 3*n.right
}

// counts reports whether a node may be one of the nearest that the search is for.
func (l *Lookup) counts(n *node) bool { return l.config.Trust || !n.isDoubtful() }

// isDoubtful reports whether a node is only known from doubtful ones.
func (l *Lookup) isDoubtful(n *node) bool {
	if l.config.Trust || n.isVouched || len(n.tellers) == 0 {
		return false
	}
	return !slices.ContainsFunc(n.tellers, func(t *node) bool { return !t.isDoubtful() })
}

// renamed returns what a node is that answered with another id than others said it has.
// These were wrong, but the node is there. It counts with the id that it says itself, or
// anybody could hide a node by naming it first, with an id that it does not have.
func (l *Lookup) renamed(q Question, n *node, id nodeid.ID) *node {
	l.close(q, n, failed)
	w := l.network(n)
	w.used, w.failed = w.used+1, w.failed-1 // it is the network's one node all the same
	l.remove(n)
	c := krpc.Contact{ID: id, Addr: n.Addr}
	r := l.find(c)
	if r == nil {
		r = &node{Contact: c, fits: l.fits(c)}
		l.insert(r)
	}
	r.status = answered
	r.judge(1, 0)
	return r
}
