package addressbook

import (
	"net/netip"
	"time"
)

const (
	maxTried  = 3000      // addresses that are remembered; the oldest is forgotten
	triedTime = time.Hour // after a dial
)

// tried are the addresses that were dialed because a peer had named them. Once the Book has
// forgotten one, peers cannot bring it back for a while: a peer may name the address of a
// victim (https://www.bittorrent.org/beps/bep_0011.html, "security considerations").
type tried struct {
	last  map[netip.Addr]time.Time // the last dial
	order []netip.Addr             // by the first dial
}

// add notes a dial.
func (t *tried) add(now time.Time, addr netip.Addr) {
	if t.last == nil {
		t.last = make(map[netip.Addr]time.Time)
	}
	_, isKnown := t.last[addr]
	t.last[addr] = now
	if isKnown {
		return
	}
	for len(t.order) > 0 && (len(t.order) >= maxTried || !t.has(now, t.order[0])) {
		delete(t.last, t.order[0])
		t.order = t.order[1:]
	}
	t.order = append(t.order, addr)
}

// has reports whether an address was dialed within the last hour.
func (t *tried) has(now time.Time, addr netip.Addr) bool {
	if t == nil {
		return false
	}
	at, ok := t.last[addr]
	return ok && now.Sub(at) < triedTime
}
