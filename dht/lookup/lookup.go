package lookup

import (
	"cmp"
	"net/netip"
	"slices"

	"github.com/shoal-bt/shoal/dht/krpc"
	"github.com/shoal-bt/shoal/dht/nodeid"
	"github.com/shoal-bt/shoal/dht/routing"
)

const (
	maxNodes = 200 // see Config.Shortlist
	maxNamed = 16  // nodes that are taken from one answer
	maxIDs   = 8   // that others may say one address has
)

// Config says what to look for and how. Zero means the default.
type Config struct {
	Target nodeid.ID
	Self   nodeid.ID // our id: a node that has it is not asked
	K      int       // nodes to find; default 8
	Alpha  int       // nodes that are asked side by side, those not counted that are late; default 5

	EnforceIDs bool // leave nodes out whose ids do not fit their addresses; otherwise they come second (BEP 42)

	// For comparisons.
	Shortlist int  // nodes that are remembered, of which the farthest that was not asked goes first; default 200
	Trust     bool // believe all nodes alike: no rule of networks, of fitting ids, of doubtful names
}

// A Lookup is one search.
type Lookup struct {
	config   Config
	nodes    []*node                    // nearest first
	addrs    map[netip.AddrPort][]*node // of each id that it is said to have
	networks map[netip.Prefix]*network
	asking   int // nodes that are asked and not late
	late     int
	again    []Question // not yet asked; see gaps.go
	filled   bool       // the gaps were looked for
}

// A Question is a node to ask, and about what.
type Question struct {
	krpc.Contact
	Target nodeid.ID // whom it should name the nearest nodes of
	Again  bool      // it was asked about the search's own target before
}

type status uint8

const (
	fresh status = iota
	asked
	late // asked, and slower than usual
	answered
	failed
)

// A node is one that was heard of.
type node struct {
	krpc.Contact
	fits      bool
	status    status
	isVouched bool    // it is of a table, or of a router
	tellers   []*node // who named it
	right     int     // nodes that it named, and that answered
	wrong     int     // nodes that it named, and that are late or failed
	again     int     // questions with Again that wait for their answers
}

// A network is what its nodes did.
type network struct {
	used   int // nodes that are asked, late or have answered
	failed int
}

// New returns a search that begins with some nodes, which it copies.
func New(c Config, known []krpc.Contact) *Lookup {
	c.K, c.Alpha, c.Shortlist = cmp.Or(c.K, routing.K), cmp.Or(c.Alpha, 5), cmp.Or(c.Shortlist, maxNodes)
	l := &Lookup{config: c, addrs: make(map[netip.AddrPort][]*node), networks: make(map[netip.Prefix]*network)}
	l.Add(known)
	return l
}

// Target returns what is searched for.
func (l *Lookup) Target() nodeid.ID { return l.config.Target }

// Add adds nodes that nobody named who was asked in this search: from a table, or a router.
func (l *Lookup) Add(known []krpc.Contact) {
	for _, c := range known {
		l.add(c, nil)
	}
}

// add adds a node, or notes who names it, too. An address may be said to have several ids,
// so that who names it with a wrong one does not hide it; it is asked once.
func (l *Lookup) add(c krpc.Contact, teller *node) {
	if c.ID == l.config.Self || l.isRefused(c) {
		return
	}
	n := l.find(c)
	if n == nil {
		isTaken := slices.ContainsFunc(l.addrs[c.Addr], func(o *node) bool { return slices.Contains(o.tellers, teller) })
		n = &node{Contact: c, fits: l.fits(c)}
		if isTaken || !l.hasRoom(n) {
			return
		}
		l.insert(n)
	}
	n.namedBy(teller)
	if len(l.nodes) > l.config.Shortlist {
		l.forget()
	}
}

// hasRoom reports whether an address may be said to have one more id. Of too many the worst goes,
// so that those who name a node with wrong ids do not hide it.
func (l *Lookup) hasRoom(n *node) bool {
	same := l.addrs[n.Addr]
	if len(same) < maxIDs {
		return true
	}
	worst := slices.MaxFunc(same, l.compare)
	if worst.status != fresh || l.compare(worst, n) <= 0 {
		return false
	}
	l.remove(worst)
	return true
}

// compare orders nodes: those that fit come first, and of these the nearest.
func (l *Lookup) compare(a, b *node) int {
	switch {
	case a.fits && !b.fits:
		return -1
	case b.fits && !a.fits:
		return 1
	}
	return nodeid.Compare(l.config.Target, a.ID, b.ID)
}

// find returns the node of an address and an id; nil if nobody has named it.
func (l *Lookup) find(c krpc.Contact) *node {
	for _, n := range l.addrs[c.Addr] {
		if n.ID == c.ID {
			return n
		}
	}
	return nil
}

// fits reports whether a node's id fits its address, as far as that matters.
func (l *Lookup) fits(c krpc.Contact) bool {
	return l.config.Trust || nodeid.Fits(c.ID, c.Addr.Addr())
}

// isRefused reports whether a node has no part in the search
// (https://www.bittorrent.org/beps/bep_0042.html, "Enforcement").
func (l *Lookup) isRefused(c krpc.Contact) bool {
	return l.config.EnforceIDs && !nodeid.Fits(c.ID, c.Addr.Addr())
}

// insert puts a node into its place.
func (l *Lookup) insert(n *node) {
	i, _ := slices.BinarySearchFunc(l.nodes, n.ID, func(o *node, id nodeid.ID) int { return nodeid.Compare(l.config.Target, o.ID, id) })
	l.nodes = slices.Insert(l.nodes, i, n)
	l.addrs[n.Addr] = append(l.addrs[n.Addr], n)
}

// remove takes a node out.
func (l *Lookup) remove(n *node) {
	is := func(o *node) bool { return o == n }
	l.nodes = slices.DeleteFunc(l.nodes, is)
	l.addrs[n.Addr] = slices.DeleteFunc(l.addrs[n.Addr], is)
	if len(l.addrs[n.Addr]) == 0 {
		delete(l.addrs, n.Addr)
	}
}

// forget drops the farthest node that was not asked.
func (l *Lookup) forget() {
	for i := len(l.nodes) - 1; i >= 0; i-- {
		n := l.nodes[i]
		if n.status == fresh {
			l.remove(n)
			return
		}
	}
}

// Answered takes in the answer to a question, from a node of an id, and the nodes that it
// named. If it has another id than it was said to have, who said so was wrong, but the node
// is there: otherwise anybody could hide it by naming it first.
func (l *Lookup) Answered(q Question, from nodeid.ID, named []krpc.Contact) {
	n := l.open(q)
	if n == nil {
		return
	}
	switch {
	case from == n.ID:
		l.close(q, n, answered)
	case q.Again, from == l.config.Self, l.isRefused(krpc.Contact{ID: from, Addr: n.Addr}):
		l.close(q, n, failed)
		return
	default:
		n = l.renamed(q, n, from)
	}
	for _, c := range named[:min(len(named), maxNamed)] {
		l.add(c, n)
	}
}

// Late says that a node that was asked is slower than usual.
func (l *Lookup) Late(q Question) {
	n := l.open(q)
	if n == nil || q.Again || n.status != asked {
		return
	}
	n.status = late
	l.asking--
	l.late++
	n.judge(0, 1)
}

// Failed says that a node that was asked will not answer.
func (l *Lookup) Failed(q Question) {
	n := l.open(q)
	if n == nil {
		return
	}
	l.close(q, n, failed)
}

// open returns the node of a question that waits for its answer; nil if it does not.
func (l *Lookup) open(q Question) *node {
	n := l.find(q.Contact)
	if n == nil {
		return nil
	}
	if q.Again {
		if n.again == 0 {
			return nil
		}
		return n
	}
	if n.status != asked && n.status != late {
		return nil
	}
	return n
}

// close ends a question.
func (l *Lookup) close(q Question, n *node, s status) {
	if q.Again {
		n.again--
		l.asking--
		return
	}
	isRight := s == answered
	switch {
	case n.status == asked && isRight:
		n.judge(1, 0)
	case n.status == asked:
		n.judge(0, 1)
	case isRight:
		n.judge(1, -1) // it was late
	}
	if n.status == late {
		l.late--
	} else {
		l.asking--
	}
	n.status = s
	if s == failed {
		w := l.network(n)
		w.used--
		w.failed++
	}
}

// Done reports whether the search is over: nobody is left to ask, and nobody who is asked
// could still be one of the nearest.
func (l *Lookup) Done() bool {
	if l.asking > 0 || l.candidate() != nil || (l.late > 0 && l.lateMatters()) {
		return false
	}
	l.fillGaps()
	return len(l.again) == 0
}

// lateMatters reports whether a node that is late would be one of the nearest.
func (l *Lookup) lateMatters() bool {
	nearer := 0
	for _, n := range l.nodes {
		switch {
		case n.status == late && n.fits:
			return true
		case n.status == answered && n.fits && l.counts(n):
			nearer++
			if nearer == l.config.K {
				return false
			}
		}
	}
	return false
}

// Closest returns up to K nodes that answered, the nearest first. Those whose ids do not
// fit their addresses are among them only if there are not enough others, and those who
// named nodes that do not answer are not.
func (l *Lookup) Closest() (all []krpc.Contact) {
	for _, fits := range []bool{true, false} {
		for _, n := range l.nodes {
			if n.status == answered && n.fits == fits && l.counts(n) && len(all) < l.config.K {
				all = append(all, n.Contact)
			}
		}
	}
	slices.SortFunc(all, func(a, b krpc.Contact) int { return nodeid.Compare(l.config.Target, a.ID, b.ID) })
	return all
}

// Count returns how many nodes were asked so far, and how many of them answered.
func (l *Lookup) Count() (asked, replied int) {
	for _, n := range l.nodes {
		if n.status != fresh {
			asked++
		}
		if n.status == answered {
			replied++
		}
	}
	return asked, replied
}
