package protocol

import (
	"cmp"
	"net/netip"
	"time"

	"github.com/shoal-bt/shoal/protocol/ending"
	"github.com/shoal-bt/shoal/protocol/places"
)

const (
	// replaceAfter is how long a peer must have been unused before we dial another one
	// for its place, and replaceEvery is the time between such dials.
	replaceAfter = time.Minute
	replaceEvery = 10 * time.Second

	// maxClosing is the number of connections that we have closed and whose reader and
	// writer have not ended yet, beyond Config.MaxPeers.
	maxClosing = 20
)

// limits returns how many peers there may be. Places are kept for peers that we dial only
// if there are addresses to dial.
func (s *State) limits() places.Limits {
	l := s.config.Places()
	if !s.wantsToDial() {
		l.Outgoing = 0
	}
	l.Outgoing = min(l.Outgoing, s.book.Len())
	return l
}

// makeRoom makes a place for a newcomer: the peer goes that givesWay names first, of those
// whose places the newcomer could have. It returns why there is none.
func (s *State) makeRoom(now time.Time, from netip.AddrPort, outgoing bool) error {
	addr := from.Addr()
	if s.config.MaxPeers > 0 && len(s.peers) >= s.config.MaxPeers+maxClosing {
		return ending.ErrFull
	}
	for {
		limit := s.places.Exceeds(s.limits(), addr, outgoing)
		if limit == places.None {
			return nil
		}
		p := s.leastUsed(now, limit, addr)
		if p != nil && !outgoing && !s.isPreferred(now, from, p) {
			p = nil
		}
		switch {
		case p != nil && (outgoing || s.replacements.Take(now, limit, addr)):
			s.closePeer(now, p, places.ErrUnused)
		case limit.IsShare():
			return ending.ErrCrowded
		default:
			return ending.ErrFull
		}
	}
}

// isPreferred reports whether a newcomer may have the place of a peer: of one that was not
// unused for long only if its priority is higher.
func (s *State) isPreferred(now time.Time, newcomer netip.AddrPort, p *peer) bool {
	return p.Tally.Unused(now) >= replaceAfter || s.book.Priority(newcomer) >= s.book.Priority(p.Addr)
}

// leastUsed returns the peer that gives its place up first, of those that were unused for
// long enough; nil for none. The limit and the newcomer's address say whose places are
// looked at.
func (s *State) leastUsed(now time.Time, limit places.Limit, newcomer netip.Addr) (least *peer) {
	for _, p := range s.order {
		s.recordUploads(now, p)
		isCandidate := limit.Covers(newcomer, p.Addr.Addr(), p.Outgoing) && p.Tally.Unused(now) >= places.MinUnused
		if isCandidate && (least == nil || s.givesWay(now, p, least)) {
			least = p
		}
	}
	return least
}

// givesWay reports whether p gives its place up before o: it was unused for more minutes, or
// for as many and its connection has a lower priority
// (https://www.bittorrent.org/beps/bep_0040.html). So nobody is left by it who gives or takes
// blocks, and nobody stays by it who does neither.
func (s *State) givesWay(now time.Time, p, o *peer) bool {
	unused, others := p.Tally.Unused(now), o.Tally.Unused(now)
	return cmp.Or(
		cmp.Compare(others/time.Minute, unused/time.Minute),
		cmp.Compare(s.book.Priority(p.Addr), s.book.Priority(o.Addr)),
		cmp.Compare(others, unused),
	) < 0
}

// recordUploads notes when the peer last took bytes of a block. When it gave a block that we
// needed, receiveBlock notes it.
func (s *State) recordUploads(now time.Time, p *peer) {
	up := p.Tally.Up.Load()
	if up != p.UpSeen {
		p.UpSeen = up
		p.Tally.Use(now)
	}
}

// isCrowded reports whether an address or its network has its share of the places, so that
// we need not dial it: the newcomer would only take the place of one that we dialed before.
func (s *State) isCrowded(now time.Time, addr netip.Addr) bool {
	limit := s.places.Exceeds(s.limits(), addr, true)
	p := s.leastUsed(now, limit, addr)
	return limit.IsShare() && (p == nil || p.Tally.Unused(now) < replaceAfter)
}

// replaceUnused dials one address although every place is taken, if a peer was unused
// for long: the newcomer gets its place. It need not be long if others have the places
// that are kept for those whom we dial. Only a download does so, because a seed's peers
// come by themselves, and those who wait for a slot are unused meanwhile.
func (s *State) replaceUnused(now time.Time) {
	isFull := s.wantsToDial() && !s.mayDial() && s.book.Dialing() == 0
	if !isFull || s.wantsNothing() || now.Before(s.timeouts.replaceAt) {
		return
	}
	after := replaceAfter
	if s.places.Outgoing() < s.limits().Outgoing {
		after = places.MinUnused
	}
	p := s.leastUsed(now, places.Total, netip.Addr{})
	if p == nil || p.Tally.Unused(now) < after {
		return
	}
	if s.dialNext(now) {
		s.timeouts.replaceAt = now.Add(replaceEvery)
	}
}
