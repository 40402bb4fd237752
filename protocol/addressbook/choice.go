package addressbook

import (
	"cmp"
	"net/netip"
	"time"
)

// A host is an IP address that has entries. Many ports of one host must not keep the
// addresses of others waiting.
type host struct {
	entries int
	dials   int // of all its entries, since there are any
}

// recentlyLost reports whether a connection with blocks was lost a moment ago.
func (e *entry) recentlyLost(now time.Time) bool {
	return !e.lostAt.IsZero() && now.Sub(e.lostAt) < lostTime
}

// rank is the first of what entries are compared by: peers that we know to be good, then
// addresses that were never tried, then the others.
func (e *entry) rank(now time.Time) int {
	switch {
	case e.recentlyLost(now):
		return 0
	case !e.dialed:
		return 1
	}
	return 2
}

// before reports whether to dial e before o, which came earlier: dead addresses must not
// keep fresh ones waiting. Of equals the one of higher priority comes first
// (https://www.bittorrent.org/beps/bep_0040.html, "Notes").
func (e *entry) before(o *entry, now time.Time) bool {
	return cmp.Or(
		cmp.Compare(e.rank(now), o.rank(now)),
		cmp.Compare(e.failures, o.failures),
		cmp.Compare(e.host.dials, o.host.dials),
		cmp.Compare(e.teller.dials, o.teller.dials),
		cmp.Compare(o.priority, e.priority),
	) < 0
}

// makeRoom removes an address so that one of a host can be added to a full Book: the one
// with most failures, and of equals one of the host that has most addresses. If nothing
// has failed and no host has more addresses than the new one, it reports false. What a
// source or a user names, so that by is zero, also takes the place of what peers named.
func (b *Book) makeRoom(of, by netip.Addr) bool {
	own := 1
	if h := b.hosts[of]; h != nil {
		own += h.entries
	}
	var worst *entry
	for _, e := range b.order {
		isNamed := e.teller.isPeer() && !by.IsValid()
		isDispensable := e.failures > 0 || e.host.entries > own || isNamed
		if !isDispensable || e.dialing || e.connected || e.self {
			continue
		}
		if worst == nil || cmp.Or(cmp.Compare(e.failures, worst.failures), cmp.Compare(e.host.entries, worst.host.entries)) > 0 {
			worst = e
		}
	}
	if worst == nil {
		return false
	}
	b.remove(worst)
	return true
}
