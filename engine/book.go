package engine

import (
	"errors"
	"net/netip"
	"time"

	"github.com/shoal-bt/shoal/handshake"
	"github.com/shoal-bt/shoal/swarm"
)

const (
	maxKnown = 3000 // addresses that a torrent remembers
	maxTries = 6    // times in a row that an address is tried again, until it is forgotten
)

// waits are the times before an address is tried again, by failures in a row.
var waits = [...]time.Duration{time.Second, 5 * time.Second, 15 * time.Second, time.Minute, 5 * time.Minute, 15 * time.Minute}

// book is the addresses that a torrent knows.
type book struct {
	known   map[netip.AddrPort]*contact
	order   []*contact // as they came
	bans    map[netip.Addr]struct{}
	dialing int       // dials under way
	due     time.Time // when next may have something; zero for never
}

// A contact is an address and what came of it.
type contact struct {
	addr      netip.AddrPort
	swarms    swarms    // where it may be met
	swarm     int       // of those, by number, the one to dial it in next
	retryAt   time.Time // not to be tried before
	failures  int
	dialing   bool // being dialed
	connected bool // connected
	seed      bool // has everything
	self      bool // is ourselves: kept, for sources name it again and again
}

// swarms is a set of a torrent's swarms, a bit for each in the order of Spec.Swarms.
type swarms uint8

const maxSwarms = 8 // of a torrent

// after returns the next number in the set, the first behind the last; -1 is before
// the first.
func (s swarms) after(i int) int {
	for range maxSwarms {
		if i = (i + 1) % maxSwarms; s&(1<<i) != 0 {
			break
		}
	}
	return i
}

// add notes an address that can be dialed, unless it is known, and where.
func (b *book) add(now time.Time, a swarm.Address, in swarms) {
	addr := netip.AddrPortFrom(a.Addr().Unmap(), a.Port())
	if !addr.IsValid() || addr.Port() == 0 || addr.Addr().IsUnspecified() || addr.Addr().IsMulticast() || b.banned(addr.Addr()) {
		return
	}
	if c := b.known[addr]; c != nil {
		c.seed = c.seed || a.Flags&swarm.Seed != 0
		c.swarms |= in
		if c.failures == 0 && !c.dialing && !c.connected {
			c.swarm = c.swarms.after(-1)
		}
		return
	}
	if len(b.order) >= maxKnown {
		return
	}
	if b.known == nil {
		b.known = make(map[netip.AddrPort]*contact)
	}
	c := &contact{addr: addr, swarms: in, swarm: in.after(-1), seed: a.Flags&swarm.Seed != 0}
	b.known[addr] = c
	b.order = append(b.order, c)
	b.due = now
}

// next chooses an address to dial. If there is none it notes when to ask again.
func (b *book) next(now time.Time, complete bool) (*contact, bool) {
	if b.due.IsZero() || now.Before(b.due) {
		return nil, false
	}
	b.due = time.Time{}
	for _, c := range b.order {
		if c.dialing || c.connected || c.self || complete && c.seed {
			continue
		}
		if c.retryAt.After(now) {
			if b.due.IsZero() || c.retryAt.Before(b.due) {
				b.due = c.retryAt
			}
			continue
		}
		c.dialing = true
		b.dialing++
		b.due = now // there may be more
		return c, true
	}
	return nil, false
}

// any reports whether there is an address to try, now or later.
func (b *book) hasCandidate() bool { return !b.due.IsZero() }

// again has all addresses looked at anew: seeds are of use once more.
func (b *book) retrySeeds(now time.Time) {
	if len(b.order) > 0 {
		b.due = now
	}
}

// ready reports whether there may be an address to try now.
func (b *book) ready(now time.Time) bool { return due(b.due, now) }

// answered says that a dial led to a handshake. That a peer takes us is no reason
// to come again soon, should it leave at once; see wellMet.
func (b *book) answered(addr netip.AddrPort) {
	if c := b.known[addr]; c != nil && c.dialing {
		c.dialing, c.connected = false, true
		b.dialing--
	}
}

// ended says that a dial or a connection came to nothing more.
func (b *book) ended(now time.Time, addr netip.AddrPort, why error) {
	c := b.known[addr]
	if c == nil {
		return
	}
	if c.dialing {
		c.dialing = false
		b.dialing--
	}
	c.connected = false
	if errors.Is(why, errUseless) {
		c.seed = true
	}
	if errors.Is(why, ErrHandshake) {
		c.swarm = c.swarms.after(c.swarm) // it may know only another of ours
	}
	c.self = errors.Is(why, errSelf) || errors.Is(why, handshake.ErrSelf)
	if b.banned(addr.Addr()) || c.failures >= maxTries {
		b.remove(c)
	}
	if c.self || b.known[addr] == nil {
		return
	}
	c.retryAt = now.Add(waits[min(c.failures, len(waits)-1)])
	if !errors.Is(why, errFull) && !errors.Is(why, errNotNow) {
		c.failures++ // else it is we who had no room
	}
	if b.due.IsZero() || c.retryAt.Before(b.due) {
		b.due = c.retryAt
	}
}

// wellMet says that a peer was of use, so that it is dialed again soon.
func (b *book) resetBackoff(addr netip.AddrPort) {
	if c := b.known[addr]; c != nil {
		c.failures = 0
	}
}

func (b *book) remove(c *contact) {
	delete(b.known, c.addr)
	for i, o := range b.order {
		if o == c {
			b.order = append(b.order[:i], b.order[i+1:]...)
			return
		}
	}
}

// ban keeps an address out and reports whether that is new.
func (b *book) ban(addr netip.Addr) bool {
	if b.banned(addr) {
		return false
	}
	if b.bans == nil {
		b.bans = make(map[netip.Addr]struct{})
	}
	b.bans[addr] = struct{}{}
	for i := len(b.order) - 1; i >= 0; i-- {
		if c := b.order[i]; c.addr.Addr() == addr && !c.dialing {
			b.remove(c)
		}
	}
	return true
}

func (b *book) banned(addr netip.Addr) bool {
	_, ok := b.bans[addr]
	return ok
}
