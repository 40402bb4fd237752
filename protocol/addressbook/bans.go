package addressbook

import (
	"net/netip"
	"time"

	"github.com/shoal-bt/shoal/protocol/places"
)

const (
	maxBans     = 3000 // of peers that did wrong; the oldest is forgotten
	maxRefusals = 1000 // the same

	// A subscriber is refused for firstRefusal, and twice as long each time that it comes back
	// and does the same, up to 16 times as long. A local address may be that of a router
	// or gateway, which many share, so it is refused for localRefusal each time. Peers
	// that are connected already stay in any case.
	firstRefusal   = time.Minute
	maxDoublings   = 4
	localRefusal   = 10 * time.Second
	refusalMemory  = time.Hour // after a refusal, that it is remembered
	subscriberBits = 64        // of an IPv6 address
)

// bans are the addresses that are refused for good. A user names single addresses.
type bans struct {
	byUser  map[netip.Addr]struct{}
	byUs    map[netip.Addr]struct{} // by banned
	byUsAll []netip.Addr            // oldest first
}

// has reports whether an address is refused for good.
func (b *bans) has(addr netip.Addr) bool {
	if b == nil {
		return false
	}
	_, byUser := b.byUser[addr]
	_, byUs := b.byUs[banned(addr)]
	return byUser || byUs
}

// banned returns what a ban of a peer stands for: its subscriber, because one who lied could
// otherwise return with another address. A local network may have one /64 for many users,
// so of local addresses only the one itself is banned.
func banned(addr netip.Addr) netip.Addr {
	if places.IsLocal(addr) {
		return addr
	}
	return subscriber(addr)
}

// Ban refuses an address from now on, and reports whether that is new. What a user asked
// for is never forgotten; of others only the last few thousand are remembered. If the user
// did not ask for it, the others of the first 64 bits of an IPv6 address are refused as
// well, unless it is local.
func (b *Book) Ban(addr netip.Addr, byUser bool) bool {
	isNew := !b.Banned(addr)
	if b.bans == nil {
		b.bans = &bans{byUser: make(map[netip.Addr]struct{}), byUs: make(map[netip.Addr]struct{})}
	}
	switch _, known := b.bans.byUs[banned(addr)]; {
	case byUser:
		b.bans.byUser[addr] = struct{}{}
	case !known:
		if len(b.bans.byUsAll) >= maxBans {
			delete(b.bans.byUs, b.bans.byUsAll[0])
			b.bans.byUsAll = b.bans.byUsAll[1:]
		}
		b.bans.byUs[banned(addr)] = struct{}{}
		b.bans.byUsAll = append(b.bans.byUsAll, banned(addr))
	}
	for i := len(b.order) - 1; i >= 0; i-- {
		e := b.order[i]
		if b.Banned(e.addr.Addr()) && !e.dialing {
			b.remove(e)
		}
	}
	return isNew
}

// Banned reports whether an address is refused because of a Ban.
func (b *Book) Banned(addr netip.Addr) bool { return b.bans.has(addr) }

// refusals are the subscribers that are refused for a while. A subscriber of a provider has
// an IPv4 address, or the IPv6 addresses that share their first 64 bits.
type refusals struct {
	all   map[netip.Addr]refusal
	order []netip.Addr // oldest first
}

type refusal struct {
	until time.Time
	times int
}

// subscriber returns the first of the addresses that the subscriber has who has addr.
func subscriber(addr netip.Addr) netip.Addr {
	addr = addr.Unmap()
	if addr.Is4() {
		return addr
	}
	p, err := addr.WithZone("").Prefix(subscriberBits)
	if err != nil {
		return addr
	}
	return p.Addr()
}

// until returns until when an address is refused; the zero Time if it never was.
func (r *refusals) until(addr netip.Addr) time.Time {
	if r == nil {
		return time.Time{}
	}
	return r.all[subscriber(addr)].until
}

// add refuses an address, for as long at least as atLeast unless it is local, and returns until
// when.
func (r *refusals) add(now time.Time, addr netip.Addr, atLeast time.Duration) time.Time {
	for len(r.order) > 0 && (len(r.order) >= maxRefusals || now.Sub(r.all[r.order[0]].until) > refusalMemory) {
		delete(r.all, r.order[0])
		r.order = r.order[1:]
	}
	addr = subscriber(addr)
	x, known := r.all[addr]
	if !known {
		r.order = append(r.order, addr)
	}
	wait := max(firstRefusal<<min(x.times, maxDoublings), atLeast)
	if places.IsLocal(addr) {
		wait = localRefusal
	}
	x.until = now.Add(wait)
	x.times++
	r.all[addr] = x
	return x.until
}

// Refuse refuses an address for a while, and all others of its subscriber: its peer did
// nothing that a ban is for, but it must not return at once.
func (b *Book) Refuse(now time.Time, addr netip.Addr) { b.RefuseLong(now, addr, 0) }

// RefuseLong is like Refuse, but the while is at least as long as atLeast, unless the address
// is local. It is for what cannot happen by accident.
func (b *Book) RefuseLong(now time.Time, addr netip.Addr, atLeast time.Duration) {
	if b.refusals == nil {
		b.refusals = &refusals{all: make(map[netip.Addr]refusal)}
	}
	until := b.refusals.add(now, addr, atLeast)
	of := subscriber(addr)
	for _, e := range b.order {
		if subscriber(e.addr.Addr()) == of && e.retryAt.Before(until) {
			e.retryAt = until
		}
	}
}

// Refused reports whether an address is refused at the moment.
func (b *Book) Refused(now time.Time, addr netip.Addr) bool {
	return now.Before(b.refusals.until(addr))
}
