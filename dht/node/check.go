package node

import (
	"net/netip"
	"slices"
	"time"

	"github.com/shoal-bt/shoal/dht/krpc"
	"github.com/shoal-bt/shoal/dht/nodeid"
	"github.com/shoal-bt/shoal/dht/routing"
)

const (
	maxChecks   = 8           // nodes that are asked side by side whether they are there
	maxSuggests = 64          // addresses that wait for that
	ofOneParty  = 4           // of these
	checkEvery  = time.Second // at most maxChecks of them are asked in this time
)

// checks are nodes that are not in the table and may be there.
type checks struct {
	open     int
	networks map[netip.AddrPort]bool // of those that are asked; see partyOf
	waiting  []netip.AddrPort
	askedAt  time.Time // when some that waited were asked last
}

// may reports whether a node may be asked: not too many are, and none of its network, so
// that silent ones of one network do not keep others out.
func (c *checks) may(a netip.AddrPort) bool {
	return c.open < maxChecks && !c.networks[partyOf(a)]
}

// done notes that a check is over, if a query was one.
func (c *checks) done(o *query) {
	if o.check {
		c.open--
		delete(c.networks, partyOf(o.to))
	}
}

// partyOf returns what counts as one: a network, or in local networks each node.
func partyOf(a netip.AddrPort) netip.AddrPort {
	if nodeid.Exempt(a.Addr()) {
		return a
	}
	return netip.AddrPortFrom(routing.NetworkOf(a.Addr()).Addr(), 0)
}

// consider asks a node that asked us whether it is where its datagram came from, if the
// table has a place for it.
func (s *State) consider(c krpc.Contact) {
	mayCheck := s.checks.may(c.Addr) && s.queries.awaited[c.Addr] == 0 && !s.routers[c.Addr]
	if mayCheck && s.table.Wants(s.now, c) {
		s.check(c.Addr)
	}
}

// check asks an address for the nodes nearest to us.
func (s *State) check(a netip.AddrPort) {
	if s.checks.networks == nil {
		s.checks.networks = make(map[netip.AddrPort]bool)
	}
	s.checks.open++
	s.checks.networks[partyOf(a)] = true
	s.ask(&query{to: a, check: true}, &krpc.Message{Method: krpc.FindNode, Target: s.self, HasTarget: true})
}

// Suggest names addresses where nodes may be: those of a torrent file, or of a peer that
// sent PORT. They are asked one after the other, a few each second. Of one address, or one network
// of the Internet, a few wait at most, so that nobody who names many keeps others out.
func (s *State) Suggest(now time.Time, addrs ...netip.AddrPort) {
	s.now = now
	for _, a := range addrs {
		a = netip.AddrPortFrom(a.Addr().Unmap().WithZone(""), a.Port())
		if s.isOurs(a) && s.checks.mayWait(a) {
			s.checks.waiting = append(s.checks.waiting, a)
		}
	}
	s.upkeep.by(later(now, s.checks.askedAt.Add(checkEvery)))
}

// mayWait reports whether an address may wait.
func (c *checks) mayWait(a netip.AddrPort) bool {
	same := 0
	for _, o := range c.waiting {
		if o == a {
			return false
		}
		if o.Addr() == a.Addr() || partyOf(o) == partyOf(a) {
			same++
		}
	}
	return len(c.waiting) < maxSuggests && same < ofOneParty
}

// later returns the later of two times.
func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// suggestContacts takes nodes of our family that a node of the other one named, while we
// know few.
func (s *State) suggestContacts(now time.Time, all []krpc.Contact) {
	if s.table.Len() >= fewNodes {
		return
	}
	s.now = now
	for _, c := range all[:min(len(all), beginWith)] {
		if !s.config.EnforceIDs || nodeid.Fits(c.ID, c.Addr.Addr()) {
			s.Suggest(now, c.Addr)
		}
	}
}

// checkSuggested asks some of the addresses that wait: maxChecks in a second at most, also if they
// answer at once.
func (s *State) checkSuggested() {
	c := &s.checks
	if len(c.waiting) == 0 || s.now.Sub(c.askedAt) < checkEvery {
		return
	}
	c.askedAt = s.now
	n := 0
	c.waiting = slices.DeleteFunc(c.waiting, func(a netip.AddrPort) bool {
		may := n < maxChecks && c.may(a)
		if may {
			n++
			s.check(a)
		}
		return may
	})
}
