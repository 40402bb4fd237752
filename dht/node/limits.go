package node

import (
	"net/netip"
	"time"

	"github.com/shoal-bt/shoal/dht/routing"
)

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
	if perAddr >= 0 && l.addrs[a] >= perAddr {
		return false
	}
	l.all++
	l.addrs[a]++
	return true
}
