// Package places bounds how many connections one address, or one network, may have.
//
// A connection takes a place. [Limits] say how many places there are and how many of
// them one address may take; a [Count] counts the places that are taken, and says which
// limit one more connection would exceed ([Count.Exceeds]). Of the connections that
// [Limit.Covers] names, the one that was unused for longest then gives up its place: an
// address that takes many places loses its own and not those of others. [Replacements]
// bound how often connections of others give way to the same network.
//
// A State counts the peers of its torrent, and an engine counts those of all torrents,
// and the handshakes under way. A Count is a value that one goroutine at a time may use.
package places

import (
	"errors"
	"net/netip"
	"time"
)

// MinUnused is how long a connection must have been unused, which means that no block moved
// over it, before it has to give up its place: a newcomer waits as long for a Choker.
const MinUnused = 10 * time.Second

// ErrUnused ends a connection whose place a newcomer gets.
var ErrUnused = errors.New("the connection was unused for longest, and a new one needed its place")

// localFactor is how many times the share of a public address a local one may take. All
// peers of a computer have the address of a router or of a container's gateway if that
// translates addresses.
const localFactor = 10

// Limits bound the places of connections. Negative means no limit.
type Limits struct {
	Total      int // places
	PerAddr    int // that one address may take; ten times as many if it is local
	PerNetwork int // that a network may take, an IPv4 /24 or an IPv6 /64; ten times as many if it is local
	Outgoing   int // that only connections may take which we dialed; zero for none

	// The defaults of PerAddr and PerNetwork hold only when half of the places are taken:
	// many users may share the address of a router, and nobody else needs what is free.
	addrIsDefault, networkIsDefault bool
}

// Defaults returns l with its zero fields set: a sixteenth of Total for an address, at
// least 2; a quarter of it for a network, at least 4; a quarter of it for connections
// that we dialed. While less than half of the places are taken, these shares of addresses
// and networks do not hold. If Total has no limit, none of them has.
func (l Limits) Defaults() Limits {
	if l.PerAddr == 0 {
		l.PerAddr, l.addrIsDefault = part(l.Total, 16, 2), true
	}
	if l.PerNetwork == 0 {
		l.PerNetwork, l.networkIsDefault = part(l.Total, 4, 4), true
	}
	if l.Outgoing == 0 {
		l.Outgoing = l.Total / 4
	}
	l.Outgoing = max(l.Outgoing, 0)
	return l
}

// part returns a part of the places, at least least; negative for no limit.
func part(total, divisor, least int) int {
	if total < 0 {
		return -1
	}
	return max(total/divisor, least)
}

// A Limit is what one more connection would exceed.
type Limit uint8

// The limits. The narrowest comes first.
const (
	None     Limit = iota
	Addr           // the places of its address
	Network        // the places of its network
	Incoming       // the places that are not kept for connections that we dial
	Total          // all places
)

// IsShare reports whether a limit is the share of an address or of a network.
func (l Limit) IsShare() bool { return l == Addr || l == Network }

// Covers reports whether a limit that a newcomer exceeds also counts another connection,
// so that the newcomer fits in when the other one goes.
func (l Limit) Covers(newcomer, other netip.Addr, otherOutgoing bool) bool {
	switch l {
	case Addr:
		return newcomer == other
	case Network:
		return networkOf(newcomer) == networkOf(other)
	case Incoming:
		return !otherOutgoing
	case Total:
		return true
	}
	return false
}

// networkOf returns the network whose places an address takes: its /24, or its /64 if it
// is an IPv6 address. https://www.rfc-editor.org/rfc/rfc6177 (section 2: a site has a
// /64 at least)
func networkOf(a netip.Addr) netip.Prefix {
	bits := 24
	if a.Is6() {
		bits = 64
	}
	p, _ := a.Prefix(bits)
	return p
}

// IsLocal reports whether an address belongs to this computer or to a local network.
func IsLocal(a netip.Addr) bool {
	return a.IsLoopback() || a.IsPrivate() || a.IsLinkLocalUnicast()
}

// Public returns an address if everybody may reach it, and else the zero Addr.
func Public(a netip.Addr) netip.Addr {
	if !a.IsGlobalUnicast() || IsLocal(a) {
		return netip.Addr{}
	}
	return a
}

// Locality returns how near an address is: 0 for one that everybody may reach, more for
// the private ones of a site, for those of a link, and for those of this computer.
func Locality(a netip.Addr) int {
	a = a.Unmap()
	switch {
	case a.IsLoopback():
		return 3
	case a.IsLinkLocalUnicast():
		return 2
	case a.IsPrivate():
		return 1
	}
	return 0
}

// A Count is the places that are taken. The zero Count is empty.
type Count struct {
	total    int
	incoming int
	addrs    map[netip.Addr]int
	networks map[netip.Prefix]int
}

// Len returns the number of places that are taken.
func (c *Count) Len() int { return c.total }

// Outgoing returns the number of places that connections take which we dialed.
func (c *Count) Outgoing() int { return c.total - c.incoming }

// Of returns the number of places that an address takes.
func (c *Count) Of(a netip.Addr) int { return c.addrs[a] }

// Add counts a connection.
func (c *Count) Add(a netip.Addr, outgoing bool) {
	if c.addrs == nil {
		c.addrs = make(map[netip.Addr]int)
		c.networks = make(map[netip.Prefix]int)
	}
	c.total++
	if !outgoing {
		c.incoming++
	}
	c.addrs[a]++
	c.networks[networkOf(a)]++
}

// Remove ends the count of a connection, which was given to Add.
func (c *Count) Remove(a netip.Addr, outgoing bool) {
	c.total--
	if !outgoing {
		c.incoming--
	}
	decrement(c.addrs, a)
	decrement(c.networks, networkOf(a))
}

func decrement[K comparable](m map[K]int, key K) {
	m[key]--
	if m[key] == 0 {
		delete(m, key)
	}
}

// Exceeds returns the narrowest limit that one more connection would exceed, or None. The
// limits for addresses and networks do not hold for the zero Addr, which a connection has
// that does not use IP.
func (c *Count) Exceeds(l Limits, a netip.Addr, outgoing bool) Limit {
	factor := 1
	if IsLocal(a) {
		factor = localFactor
	}
	hasPlenty := c.total < l.Total/2
	addrCounts := a.IsValid() && !(hasPlenty && l.addrIsDefault)
	networkCounts := a.IsValid() && !(hasPlenty && l.networkIsDefault)
	switch {
	case addrCounts && isFull(c.addrs[a], l.PerAddr*factor):
		return Addr
	case networkCounts && isFull(c.networks[networkOf(a)], l.PerNetwork*factor):
		return Network
	case !outgoing && l.Total >= 0 && c.incoming >= l.Total-l.Outgoing:
		return Incoming
	case isFull(c.total, l.Total):
		return Total
	}
	return None
}

// isFull reports whether n places are all that there are; a negative limit is none.
func isFull(n, limit int) bool { return limit >= 0 && n >= limit }
