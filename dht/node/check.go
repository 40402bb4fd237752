package node

import (
	"net/netip"
	"slices"
	"time"

	"github.com/shoal-bt/shoal/dht/krpc"
	"github.com/shoal-bt/shoal/dht/nodeid"
)

const (
	maxChecks   = 8  // nodes that are asked side by side whether they are there
	maxSuggests = 64 // addresses that wait for that
)

// checks are nodes that are not in the table and may be there.
type checks struct {
	open    int
	waiting []netip.AddrPort
}

// consider asks a node that asked us whether it is where its datagram came from, if the
// table has a place for it.
func (s *State) consider(c krpc.Contact) {
	mayCheck := s.checks.open < maxChecks && s.queries.awaited[c.Addr] == 0 && !s.boot.known[c.Addr]
	if mayCheck && s.table.Wants(s.now, c) {
		s.check(c.Addr)
	}
}

// check asks an address for the nodes nearest to us.
func (s *State) check(a netip.AddrPort) {
	s.checks.open++
	s.ask(&query{to: a, check: true}, &krpc.Message{Method: krpc.FindNode, Target: s.self, HasTarget: true})
}

// Suggest names addresses where nodes may be: those of a torrent file, or of a peer that
// sent PORT. They are asked one after the other.
func (s *State) Suggest(now time.Time, addrs ...netip.AddrPort) {
	s.now = now
	for _, a := range addrs {
		a = netip.AddrPortFrom(a.Addr().Unmap().WithZone(""), a.Port())
		if s.isOurs(a) && len(s.checks.waiting) < maxSuggests && !slices.Contains(s.checks.waiting, a) {
			s.checks.waiting = append(s.checks.waiting, a)
		}
	}
	s.upkeep.by(now)
}

// suggestContacts takes nodes of our family that a node of the other one named, while we
// know few.
func (s *State) suggestContacts(now time.Time, all []krpc.Contact) {
	if s.table.Len() >= fewNodes {
		return
	}
	s.now = now
	for _, c := range all {
		if !s.config.EnforceIDs || nodeid.Fits(c.ID, c.Addr.Addr()) {
			s.Suggest(now, c.Addr)
		}
	}
}

// checkSuggested asks some of the addresses that wait.
func (s *State) checkSuggested() {
	for s.checks.open < maxChecks && len(s.checks.waiting) > 0 {
		a := s.checks.waiting[0]
		s.checks.waiting = s.checks.waiting[1:]
		s.check(a)
	}
}
