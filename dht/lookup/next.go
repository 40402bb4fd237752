package lookup

import (
	"github.com/shoal-bt/shoal/dht/nodeid"
	"github.com/shoal-bt/shoal/dht/routing"
)

const (
	// maxLate bounds the nodes that are late while others are asked, in multiples of
	// Alpha.
	maxLate = 4

	// networkFails is how many nodes of one network may fail until its others are not
	// asked.
	networkFails = 3
)

// Next returns who is to be asked now. It reports false if nobody is, for the moment or
// for good.
func (l *Lookup) Next() (q Question, ok bool) {
	if l.asking >= l.config.Alpha || l.late >= maxLate*l.config.Alpha {
		return q, false
	}
	n := l.candidate()
	if n != nil {
		n.status = asked
		l.asking++
		l.network(n).used++
		return Question{Contact: n.Contact, Target: l.config.Target}, true
	}
	if l.asking == 0 && l.late > 0 && l.lateMatters() {
		return q, false
	}
	l.fillGaps()
	if len(l.again) == 0 {
		return q, false
	}
	q = l.again[0]
	l.again = l.again[1:]
	l.find(q.Contact).again++
	l.asking++
	return q, true
}

// candidate returns the best node that was not asked: one of the K nearest whose ids fit
// their addresses, those that failed or are late not counted. If there is none, it is one
// of the nearest whose ids do not fit: half as many, or as many as are missing.
func (l *Lookup) candidate() *node {
	n, nearest := l.nearest(true, l.config.K)
	if n != nil {
		return n
	}
	n, _ = l.nearest(false, max(l.config.K/2, l.config.K-nearest))
	return n
}

// nearest returns the nearest node of a kind that may be asked, if it is among the limit
// nearest, and how many nearer ones are asked or have answered.
func (l *Lookup) nearest(fits bool, limit int) (first *node, nearer int) {
	for _, n := range l.nodes {
		if n.fits != fits || nearer == limit {
			continue
		}
		switch n.status {
		case asked, answered:
			if l.counts(n) {
				nearer++
			}
		case fresh:
			if l.mayAsk(n) {
				return n, nearer
			}
		}
	}
	return nil, nearer
}

// mayAsk reports whether a node may be asked: an address once, one of each network, and none
// that only doubtful nodes named.
func (l *Lookup) mayAsk(n *node) bool {
	for _, o := range l.addrs[n.Addr] {
		if o.status != fresh {
			return false
		}
	}
	w := l.network(n)
	return w.used == 0 && w.failed < networkFails && !l.isDoubtful(n)
}

// network returns what the nodes of a node's network did. Each node of a local network is
// one of its own.
func (l *Lookup) network(n *node) *network {
	a := n.Addr.Addr()
	if l.config.Trust || nodeid.Exempt(a) {
		return &network{}
	}
	key := routing.NetworkOf(a)
	w := l.networks[key]
	if w == nil {
		w = &network{}
		l.networks[key] = w
	}
	return w
}
