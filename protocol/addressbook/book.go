// Package addressbook remembers the addresses of a torrent's peers, and chooses whom
// to dial next.
//
// In come addresses and the results of dials and connections ([Outcome]); out comes
// the next address to dial ([Book.Next]), and the time at which there may be one. A
// [Book] is a value that one goroutine owns. It reads no clock: each call that needs
// the time is given it. Its memory is bounded, apart from the bans that a user asked for.
package addressbook

import (
	"net/netip"
	"slices"
	"time"

	"github.com/shoal-bt/shoal/swarm"
)

const (
	maxKnown    = 3000 // addresses that a Book remembers
	maxFailures = 6    // failures in a row; with one more an address is forgotten

	// An address from which a connection with blocks was lost is tried again every few
	// seconds for a while, because its peer may only have paused.
	lostTime  = time.Minute
	lostRetry = 4 * time.Second

	// duplicateWait is the time before another address of a peer that is connected is
	// tried again. crossedWait is longer than it takes the peer to dial us again, and
	// crowdedWait is the time before a place of the same host may be free.
	duplicateWait = 5 * time.Minute
	crossedWait   = 10 * time.Second
	crowdedWait   = 30 * time.Second

	// fullRetry is the longest time before an address is tried again whose peer shook
	// hands: it may have had no place for us, and have one soon.
	fullRetry = time.Minute
)

// backoff is the time before an address is tried again, by failures in a row.
var backoff = [...]time.Duration{
	time.Second, 5 * time.Second, 15 * time.Second,
	time.Minute, 5 * time.Minute, 15 * time.Minute,
}

// An Outcome is how a dial or a connection ended.
type Outcome uint8

// The outcomes.
const (
	Failed      Outcome = iota // no connection, or one that ended before a block moved
	NoHandshake                // connected, but no handshake: the peer may know only another of our swarms
	NoRoom                     // we had no room or were paused, which is no fault of the address
	Useless                    // both sides have everything
	Self                       // it is our own address
	Lost                       // a connection that ended after blocks had moved over it
	Duplicate                  // its peer is connected by another address
	Crossed                    // the same, and the other connection may have ended at once
	Crowded                    // not dialed, because its host or network has its share of our places
)

// isFailure reports whether an outcome counts against the address.
func (o Outcome) isFailure() bool {
	switch o {
	case Failed, NoHandshake, Useless, Lost:
		return true
	}
	return false
}

// Swarms is a set of a torrent's swarms: bit i stands for the swarm with index i.
type Swarms uint8

// MaxSwarms is the number of swarms that a torrent may have.
const MaxSwarms = 8

// All returns the set of the first n swarms.
func All(n int) Swarms { return 1<<n - 1 }

// after returns the index of the next swarm in the set behind i, and starts over
// behind the last; -1 is before the first.
func (s Swarms) after(i int) int {
	for range MaxSwarms {
		i = (i + 1) % MaxSwarms
		if s&(1<<i) != 0 {
			break
		}
	}
	return i
}

// A Book is the addresses that a torrent knows. The zero Book is empty and ready.
type Book struct {
	known   map[netip.AddrPort]*entry
	order   []*entry // as they came
	hosts   map[netip.Addr]*host
	tellers map[netip.Addr]*teller
	sizes   *sizes    // of the peers among tellers; nil before there is one
	named   int32     // entries that peers named
	dialing int32     // dials under way
	fresh   int32     // entries that were never dialed
	due     time.Time // when Next may have something; zero for never

	own    *ownAddrs // nil while none is known
	spread uint64    // see Spread

	// Nil for none.
	tried    *tried
	bans     *bans
	refusals *refusals
}

// An entry is an address and its history.
type entry struct {
	addr      netip.AddrPort
	host      *host
	teller    *teller
	swarms    Swarms    // where it was found
	swarm     int       // the one of them to dial it in next
	retryAt   time.Time // not to be tried before
	failures  int       // in a row
	lostAt    time.Time // when a connection with blocks was lost last; zero for never
	dialed    bool      // it was, at least once
	dialing   bool
	connected bool
	byUser    bool   // a user named it
	forgotten bool   // to be removed when its dial has ended
	seed      bool   // has everything
	self      bool   // our own address: kept, because sources name it again and again
	priority  uint32 // see Book.Priority
}

// Add adds an address that a source or a user named, found in some swarms, at least one,
// unless it cannot be dialed.
func (b *Book) Add(now time.Time, a swarm.Address, in Swarms) {
	b.add(now, a, in, netip.Addr{})
}

// add adds an address that a teller named.
func (b *Book) add(now time.Time, a swarm.Address, in Swarms, by netip.Addr) {
	addr := unmapped(a.AddrPort)
	if !dialable(addr) || b.Banned(addr.Addr()) {
		return
	}
	if e := b.known[addr]; e != nil {
		b.adopt(now, e)
		e.forgotten = false
		e.seed = e.seed || a.Flags&swarm.Seed != 0
		e.swarms |= in
		if e.failures == 0 && !e.dialing && !e.connected {
			e.swarm = e.swarms.after(-1)
		}
		return
	}
	if len(b.order) >= maxKnown && !b.makeRoom(addr.Addr(), by) {
		return
	}
	if b.known == nil {
		b.known = make(map[netip.AddrPort]*entry)
		b.hosts = make(map[netip.Addr]*host)
		b.tellers = make(map[netip.Addr]*teller)
	}
	h := b.hosts[addr.Addr()]
	if h == nil {
		h = new(host)
		b.hosts[addr.Addr()] = h
	}
	h.entries++
	e := &entry{
		addr:     addr,
		host:     h,
		swarms:   in,
		swarm:    in.after(-1),
		seed:     a.Flags&swarm.Seed != 0,
		retryAt:  b.refusals.until(addr.Addr()),
		priority: b.Priority(addr),
	}
	b.join(e, b.tellerOf(by))
	b.known[addr] = e
	b.order = append(b.order, e)
	b.fresh++
	b.due = now
}

// unmapped returns an address with the IPv4 address of an IPv6 one that stands for it.
func unmapped(a netip.AddrPort) netip.AddrPort {
	return netip.AddrPortFrom(a.Addr().Unmap(), a.Port())
}

func dialable(a netip.AddrPort) bool {
	return a.IsValid() && a.Port() != 0 && !a.Addr().IsUnspecified() && !a.Addr().IsMulticast()
}

// Next chooses an address to dial and the index of the swarm to dial it in. It
// passes over seeds if complete says that we have everything. If there is none, Due
// says when to ask again. entry.before says which address is chosen.
func (b *Book) Next(now time.Time, complete bool) (addr netip.AddrPort, in int, ok bool) {
	if !b.Ready(now) {
		return addr, 0, false
	}
	b.due = time.Time{}
	var best *entry
	for _, e := range b.order {
		if e.dialing || e.connected || e.self || (complete && e.seed) {
			continue
		}
		if e.retryAt.After(now) {
			b.dueAt(e.retryAt)
			continue
		}
		if best == nil || e.before(best, now) {
			best = e
		}
	}
	if best == nil {
		return addr, 0, false
	}
	if !best.dialed {
		b.fresh--
	}
	best.dialing, best.dialed = true, true
	best.host.dials++
	best.teller.dials++
	if best.teller.isPeer() {
		if b.tried == nil {
			b.tried = new(tried)
		}
		b.tried.add(now, best.addr.Addr())
	}
	b.dialing++
	b.due = now // there may be more
	return best.addr, best.swarm, true
}

// dueAt sets due to t unless it is earlier.
func (b *Book) dueAt(t time.Time) {
	if b.due.IsZero() || t.Before(b.due) {
		b.due = t
	}
}

// RetryAt returns when an address may be tried again after it failed; zero if it will not
// be, because it is forgotten or is our own.
func (b *Book) RetryAt(addr netip.AddrPort) time.Time {
	e := b.known[addr]
	if e == nil || e.self {
		return time.Time{}
	}
	return e.retryAt
}

// Due returns when Next may have an address; zero for never.
func (b *Book) Due() time.Time { return b.due }

// Ready reports whether Next may have an address now.
func (b *Book) Ready(now time.Time) bool { return !b.due.IsZero() && !b.due.After(now) }

// Dialing returns the number of addresses that Next gave out and of which nothing
// was heard yet.
func (b *Book) Dialing() int { return int(b.dialing) }

// Fresh returns the number of addresses that were never dialed.
func (b *Book) Fresh() int { return int(b.fresh) }

// BeingDialed reports whether Next gave an address out and nothing was heard yet.
func (b *Book) BeingDialed(addr netip.AddrPort) bool {
	e := b.known[addr]
	return e != nil && e.dialing
}

// Len returns the number of addresses.
func (b *Book) Len() int { return len(b.order) }

// RetrySeeds has all addresses looked at again, because pieces are missing once more.
func (b *Book) RetrySeeds(now time.Time) {
	if len(b.order) > 0 {
		b.due = now
	}
}

// Connected says that a dial led to a handshake. It does not clear the failures: a
// peer that takes us and leaves at once is not worth an early retry. See ResetBackoff.
// An address that was banned during the dial is removed. It reports false for one that was
// forgotten, whose connection nobody wants any more.
func (b *Book) Connected(addr netip.AddrPort) (wanted bool) {
	e := b.known[addr]
	if e == nil || !e.dialing {
		return true
	}
	e.dialing, e.connected = false, true
	b.dialing--
	if b.Banned(addr.Addr()) || e.forgotten {
		b.remove(e)
	}
	return !e.forgotten
}

// ResetBackoff clears an address's failures, because the peer sent a block we needed.
func (b *Book) ResetBackoff(addr netip.AddrPort) {
	if e := b.known[addr]; e != nil {
		e.failures = 0
	}
}

// Ended says that a dial or a connection is over, and how.
func (b *Book) Ended(now time.Time, addr netip.AddrPort, how Outcome) {
	e := b.known[addr]
	if e == nil {
		return
	}
	if e.dialing {
		e.dialing = false
		b.dialing--
	}
	mayBeFull := e.connected && how == Failed
	e.connected = false
	switch how {
	case Useless:
		e.seed = true
	case NoHandshake:
		e.swarm = e.swarms.after(e.swarm)
	}
	e.self = how == Self
	isLastFailure := how.isFailure() && e.failures >= maxFailures
	if isLastFailure || e.forgotten || b.Banned(addr.Addr()) {
		b.remove(e)
		return
	}
	if e.self {
		return
	}
	wait := e.wait(now, how)
	if how.isFailure() {
		wait += b.delay(e, wait)
	}
	if mayBeFull {
		wait = min(wait, fullRetry)
	}
	e.retryAt = now.Add(wait)
	if how.isFailure() {
		e.failures++
	}
	if e.recentlyLost(now) {
		e.failures = min(e.failures, 2) // many attempts must not make us forget it
	}
	until := b.refusals.until(addr.Addr())
	if e.retryAt.Before(until) {
		e.retryAt = until
	}
	b.dueAt(e.retryAt)
}

// wait returns how long not to try an address after an outcome.
func (e *entry) wait(now time.Time, how Outcome) time.Duration {
	switch how {
	case Duplicate:
		return duplicateWait
	case Crossed:
		return crossedWait
	case Crowded:
		return crowdedWait
	case Lost:
		e.lostAt, e.failures = now, 0
	}
	wait := backoff[min(e.failures, len(backoff)-1)]
	if e.recentlyLost(now) {
		wait = min(wait, lostRetry)
	}
	return wait
}

func (b *Book) remove(e *entry) {
	if !e.dialed {
		b.fresh--
	}
	b.leave(e)
	e.host.entries--
	if e.host.entries == 0 {
		delete(b.hosts, e.addr.Addr())
	}
	delete(b.known, e.addr)
	if i := slices.Index(b.order, e); i >= 0 {
		b.order = slices.Delete(b.order, i, i+1)
	}
}
