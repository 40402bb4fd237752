package node

import (
	"net/netip"
	"time"

	"github.com/shoal-bt/shoal/dht/routing"
)

// maxCounted is how many addresses are counted in a second, if there is no limit of all.
const maxCounted = 1 << 16

// limits counts the datagrams of strangers in the current second. It keeps an address only
// if there is room for its datagram, so its memory is bounded by the limit of all.
type limits struct {
	second time.Time
	all    int
	addrs  map[netip.Addr]int
}

// allow reports whether one more datagram of an address may be read.
func (l *limits) allow(now time.Time, a netip.Addr, perAddr, all int) bool {
	if perAddr < 0 && all < 0 {
		return true
	}
	if now.Sub(l.second) >= time.Second || l.addrs == nil {
		l.second, l.all, l.addrs = now, 0, make(map[netip.Addr]int)
	}
	if all >= 0 && l.all >= all {
		return false
	}
	if a.Is6() {
		a = routing.NetworkOf(a).Addr()
	}
	l.all++
	if perAddr < 0 {
		return true
	}
	n, isCounted := l.addrs[a]
	if n >= perAddr || (!isCounted && len(l.addrs) >= maxCounted) {
		l.all--
		return false
	}
	l.addrs[a] = n + 1
	return true
}
