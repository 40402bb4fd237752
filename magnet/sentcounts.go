package magnet

import (
	"net/netip"
	"time"

	"github.com/shoal-bt/shoal/protocol/places"
)

const (
	sentMemory     = 10 * time.Minute // that we remember what an address got
	maxSentCounts  = 1000             // addresses that are remembered; the oldest is forgotten
	subscriberBits = 64               // of an IPv6 address
)

// A sentCounts is how often each piece of metadata was sent to each address, or each IPv6 /64.
// Metadata needs no upload slot, so a peer that comes back again and again could otherwise
// use up our uplink. A local address may be that of a gateway, which many share, so it is not
// remembered. The zero sentCounts is empty. One goroutine at a time may use it.
type sentCounts struct {
	all   map[netip.Addr]sentCount
	order []netip.Addr // oldest first
}

type sentCount struct {
	pieces map[int]uint8
	since  time.Time
}

// of returns the counts of an address by piece, which the caller increases.
func (s *sentCounts) of(now time.Time, addr netip.Addr) map[int]uint8 {
	addr = addr.Unmap()
	if !addr.IsValid() || places.IsLocal(addr) {
		return make(map[int]uint8)
	}
	if addr.Is6() {
		network, _ := addr.WithZone("").Prefix(subscriberBits) // no error: that many bits are there
		addr = network.Addr()
	}
	for len(s.order) > 0 && now.Sub(s.all[s.order[0]].since) >= sentMemory {
		s.forgetOldest()
	}
	c, known := s.all[addr]
	if known {
		return c.pieces
	}
	if len(s.order) >= maxSentCounts {
		s.forgetOldest()
	}
	if s.all == nil {
		s.all = make(map[netip.Addr]sentCount)
	}
	c = sentCount{pieces: make(map[int]uint8), since: now}
	s.all[addr] = c
	s.order = append(s.order, addr)
	return c.pieces
}

func (s *sentCounts) forgetOldest() {
	delete(s.all, s.order[0])
	s.order = s.order[1:]
}
