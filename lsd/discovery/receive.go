package discovery

import (
	"net/netip"
	"time"

	"github.com/shoal-bt/shoal/lsd/message"
)

// Receive takes in a datagram that came to the group of a family. id says at which
// interface; its Index is 0 if that is not known. from may have a zone.
func (s *State) Receive(now time.Time, id LinkID, from netip.AddrPort, b []byte) {
	s.stats.Received++
	addr := from.Addr().Unmap().WithZone("")
	l := s.linkOf(id, addr)
	if l == nil {
		s.stats.OffLink++
		return
	}
	if addr.IsLinkLocalUnicast() && addr.Is6() {
		addr = addr.WithZone(l.Name)
	}
	if !s.limits.allow(now, addr) {
		s.stats.Dropped++
		return
	}
	m, err := message.Parse(b)
	if err != nil {
		s.stats.Malformed++
		return
	}
	if s.cookie != "" && m.Cookie == s.cookie {
		s.stats.Own++
		return
	}
	isForeign := true
	for _, id := range m.Swarms {
		if s.torrents[id] == nil {
			continue
		}
		isForeign = false
		s.take(now, Peer{Swarm: id, Addr: netip.AddrPortFrom(addr, m.Port)})
	}
	if isForeign {
		s.stats.Foreign++
	}
}

// take reports and remembers a peer if it is new.
func (s *State) take(now time.Time, p Peer) {
	if s.peers.renew(now, p) || !s.peers.mayAdd(p) {
		return
	}
	if !s.limits.allowNew(now) {
		s.stats.Dropped++
		return
	}
	s.peers.add(now, p)
	s.found = append(s.found, p)
}
