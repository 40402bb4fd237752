package places

import (
	"net/netip"
	"time"
)

const (
	replaceAgain    = 5 * time.Minute // before another connection goes for the same network
	maxReplacements = 4000            // that are remembered; the oldest is forgotten
)

// Replacements are the networks for which a connection gave its place up lately. A network
// that had its turn waits until a place is free, because otherwise those who come again and
// again would end the connections of all who wait for an upload slot. Local addresses are
// not counted. The zero Replacements is empty.
type Replacements struct {
	at    map[netip.Prefix]time.Time
	order []netip.Prefix // oldest first
}

// May reports whether a connection may give its place up for a newcomer that exceeds a
// limit. It always may if it has the newcomer's address or network.
func (r *Replacements) May(now time.Time, limit Limit, newcomer netip.Addr) bool {
	if limit.IsShare() {
		return true
	}
	at, known := r.at[networkOf(newcomer)]
	return !known || now.Sub(at) >= replaceAgain
}

// Take is May, and notes that a connection gives its place up if it reports true.
func (r *Replacements) Take(now time.Time, limit Limit, newcomer netip.Addr) bool {
	if !r.May(now, limit, newcomer) {
		return false
	}
	if limit.IsShare() || !newcomer.IsValid() || IsLocal(newcomer) {
		return true
	}
	for len(r.order) > 0 && (len(r.order) >= maxReplacements || now.Sub(r.at[r.order[0]]) >= replaceAgain) {
		delete(r.at, r.order[0])
		r.order = r.order[1:]
	}
	if r.at == nil {
		r.at = make(map[netip.Prefix]time.Time)
	}
	n := networkOf(newcomer)
	r.at[n] = now
	r.order = append(r.order, n)
	return true
}
