package protocol

import (
	"slices"
	"time"

	"github.com/shoal-bt/shoal/protocol/addressbook"
	"github.com/shoal-bt/shoal/protocol/ending"
)

// noteTracker notes which tracker answered for some swarms. A private torrent has peers of one
// tracker at a time: if another one answers than before, the torrent leaves its peers, and
// forgets their addresses, except for those that a user named
// (https://www.bittorrent.org/beps/bep_0027.html).
func (s *State) noteTracker(now time.Time, in addressbook.Swarms, name string) {
	if !s.private || name == "" {
		return
	}
	before := s.trackers[in]
	if s.trackers == nil {
		s.trackers = make(map[addressbook.Swarms]string)
	}
	s.trackers[in] = name
	if before == "" || before == name {
		return
	}
	for _, p := range slices.Clone(s.order) {
		if in&s.swarmOf(p) != 0 && !s.book.NamedByUser(p.DialAddr) {
			s.closePeer(now, p, ending.ErrSwitched)
		}
	}
	s.book.ForgetAllButUsers(in)
}

// swarmOf returns the swarm that the handshake of a connection named, as a set.
func (s *State) swarmOf(p *peer) addressbook.Swarms {
	return addressbook.Swarms(1) << max(0, slices.Index(s.swarms, p.Swarm))
}
