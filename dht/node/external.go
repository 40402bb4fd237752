package node

import (
	"net/netip"
	"slices"
	"time"

	"github.com/shoal-bt/shoal/dht/nodeid"
	"github.com/shoal-bt/shoal/dht/routing"
)

const (
	renameAfter = 30 * time.Minute // between two ids of ours
	maxVotes    = 100              // the oldest goes first
	leastVotes  = 3                // that an address needs
)

// votes are what others say our address is, the oldest first: one of each network, because
// any of them may lie (https://www.bittorrent.org/beps/bep_0042.html, "Bootstrapping").
type votes []voteOf

type voteOf struct {
	network netip.Prefix // of the voter
	addr    netip.Addr
}

// winner returns the address with most votes, if it has at least as many as needed; of
// equals the one with the oldest vote.
func (v votes) winner(needed int) (best netip.Addr) {
	most := needed - 1
	count := make(map[netip.Addr]int)
	for _, o := range v {
		count[o.addr]++
	}
	for _, o := range v {
		if count[o.addr] > most {
			best, most = o.addr, count[o.addr]
		}
	}
	return best
}

// external returns our address as others see it; zero if it is not known.
func (s *State) external() netip.Addr {
	if s.config.External.IsValid() {
		return s.config.External
	}
	return s.votes.winner(leastVotes)
}

// vote counts what a node says our address is, also if it refuses us because our id does not
// fit. If most say so, we take an id that fits.
func (s *State) vote(voter, addr netip.Addr) {
	isUsable := !s.config.External.IsValid() && addr.IsValid() && addr.Is4() == voter.Is4() &&
		!nodeid.Exempt(addr) && !nodeid.Exempt(voter) && addr.IsGlobalUnicast()
	if !isUsable {
		return
	}
	before := s.votes.winner(leastVotes)
	network := routing.NetworkOf(voter)
	s.votes = slices.DeleteFunc(s.votes, func(o voteOf) bool { return o.network == network })
	if len(s.votes) >= maxVotes {
		s.votes = slices.Delete(s.votes, 0, 1)
	}
	s.votes = append(s.votes, voteOf{network, addr})
	s.rename(before)
}

// rename takes a new id if ours does not fit the address that most nodes say.
func (s *State) rename(before netip.Addr) {
	addr := s.votes.winner(leastVotes)
	if !addr.IsValid() {
		return
	}
	if s.fit(addr) || addr != before {
		s.report(AddressEvent{External: addr, ID: s.self})
	}
}

// renameByFew is rename after a bootstrap that brought no node: the word of one is enough,
// because all may refuse us for our id
// (https://www.bittorrent.org/beps/bep_0042.html, "Bootstrapping").
func (s *State) renameByFew() bool {
	addr := s.votes.winner(1)
	if !addr.IsValid() || !s.fit(addr) {
		return false
	}
	s.report(AddressEvent{External: addr, ID: s.self})
	return true
}

// fit takes a new id if ours does not fit an address, at most every half an hour. The
// look-up of it makes us known to our new neighbors. It reports whether the id is new.
func (s *State) fit(addr netip.Addr) bool {
	if nodeid.Fits(s.self, addr) || s.now.Sub(s.renamedAt) < renameAfter {
		return false
	}
	s.self = nodeid.ForAddr(addr, s.config.Random)
	s.renamedAt = s.now
	s.table.SetSelf(s.self)
	switch {
	case s.boot.isRunning():
		s.boot.isRenamed = true
	case s.table.Len() > 0:
		s.Bootstrap(s.now, nil, nil, nil)
	}
	return true
}
