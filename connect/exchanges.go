package connect

import (
	"net/netip"
	"sync"
	"time"
)

// Bounds on the exchanges of keys that strangers cause. One takes some 0.3 ms of a processor.
const (
	hostRate  = 10.0 // a second for each host, of which twice as many may come at once
	localRate = 10   // times hostRate for a local host
	allRate   = 500  // a second for all hosts, as many at once

	// maxHosts is the number of hosts that are known. At most allRate each second are new, and
	// one is forgotten that began none for two seconds, so that there is always room.
	maxHosts = 4096
)

// exchanges bounds how often peers that dial us exchange keys. A host is an IPv4 address or an
// IPv6 /64.
type exchanges struct {
	mu    sync.Mutex
	hosts map[netip.Prefix]tokens
	all   tokens
}

// allow reports whether a peer of an address may begin an exchange, and counts it.
func (e *exchanges) allow(now time.Time, addr netip.Addr) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	host := hostOf(addr)
	rate := hostRate
	if isLocal(host.Addr()) {
		rate *= localRate
	}
	ofHost, isFree := e.hosts[host].take(now, rate, 2*rate)
	if !isFree {
		return false
	}
	ofAll, isFree := e.all.take(now, allRate, allRate)
	if !isFree {
		return false
	}
	if len(e.hosts) >= maxHosts {
		e.forget(now)
	}
	if e.hosts == nil {
		e.hosts = make(map[netip.Prefix]tokens)
	}
	e.hosts[host], e.all = ofHost, ofAll
	return true
}

// forget forgets the hosts that have all their tokens again. The caller holds the lock.
func (e *exchanges) forget(now time.Time) {
	for host, t := range e.hosts {
		if now.Sub(t.at) >= 2*time.Second {
			delete(e.hosts, host)
		}
	}
}

// hostOf returns the host of an address.
func hostOf(a netip.Addr) netip.Prefix {
	a = a.Unmap().WithZone("")
	bits := a.BitLen()
	if a.Is6() {
		bits = 64
	}
	host, _ := a.Prefix(bits) // zero if there is no address
	return host
}

// isLocal reports whether an address is not of the public Internet.
func isLocal(a netip.Addr) bool {
	return a.IsLoopback() || a.IsPrivate() || a.IsLinkLocalUnicast()
}

// tokens are what exchanges take. The zero value has as many as there can be.
type tokens struct {
	left float64
	at   time.Time // when there were that many
}

// take takes a token, of which rate come each second until there are most.
func (t tokens) take(now time.Time, rate, most float64) (after tokens, ok bool) {
	came := most
	if !t.at.IsZero() {
		came = now.Sub(t.at).Seconds() * rate
	}
	left := min(most, t.left+came)
	if left < 1 {
		return t, false
	}
	return tokens{left - 1, now}, true
}
