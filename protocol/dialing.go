package protocol

import (
	"cmp"
	"net/netip"
	"time"

	"github.com/shoal-bt/shoal/protocol/addressbook"
	"github.com/shoal-bt/shoal/protocol/ownaddress"
	"github.com/shoal-bt/shoal/protocol/report"
	"github.com/shoal-bt/shoal/swarm"
)

func (e Found) apply(now time.Time, s *State) {
	in := cmp.Or(e.Swarms, addressbook.All(len(s.swarms)))
	s.noteTracker(now, in, e.Tracker)
	for _, a := range e.Addrs {
		switch {
		case e.By.IsValid():
			s.addNamed(now, a, in, e.By)
		case e.FromSource:
			s.book.Add(now, a, in)
		default:
			s.book.AddForUser(now, a, in)
		}
	}
	if e.FromSource {
		s.reportNoPeers(!s.book.Due().IsZero())
	}
}

// apply counts a vote for our own address, by which connections have their priority.
func (e OwnAddress) apply(_ time.Time, s *State) {
	own := s.own
	if own == nil {
		own = new(ownaddress.Votes)
	}
	if own.Add(e.From, e.Addr) {
		s.book.SetOwn(netip.AddrPortFrom(own.Of(e.Addr), s.port))
	}
	if own.Len() > 0 {
		s.own = own
	}
}

// addNamed takes in an address that a peer named, and reports whether it is known now. A private
// torrent wants none (https://www.bittorrent.org/beps/bep_0027.html).
func (s *State) addNamed(now time.Time, a swarm.Address, in addressbook.Swarms, by netip.Addr) bool {
	return !s.private && s.book.AddNamed(now, a, in, by)
}

func (e Unreached) apply(now time.Time, s *State) {
	s.book.Ended(now, e.Addr, e.Why)
	if e.Err != nil {
		s.report(report.PeerFailed{Torrent: s.ID(), Addr: e.Addr, Err: e.Err, Retry: s.book.RetryAt(e.Addr)})
	}
	if s.reportNoPeers(s.book.Ready(now)) {
		s.do(Announce{Soon: true})
	}
}

// dialPeers dials while there is room for peers and anybody to try.
func (s *State) dialPeers(now time.Time) {
	for s.mayDial() && s.dialNext(now) {
	}
}

// dialNext dials an address, if there is one to try.
func (s *State) dialNext(now time.Time) bool {
	for {
		fresh := s.book.Fresh()
		addr, in, ok := s.book.Next(now, s.wantsNothing())
		switch {
		case !ok:
			return false
		case s.hasDialed(addr):
			s.book.Connected(addr)
		case s.isCrowded(now, addr.Addr()):
			s.book.Ended(now, addr, addressbook.Crowded)
		default:
			s.do(Dial{Addr: addr, Swarm: in, First: s.book.Fresh() < fresh})
			return true
		}
	}
}

// hasDialed reports whether a connection that we made leads to an address: it may be from
// elsewhere, and the address may have come later.
func (s *State) hasDialed(addr netip.AddrPort) bool {
	for _, p := range s.peers {
		if p.Outgoing && p.DialAddr == addr {
			return true
		}
	}
	return false
}

// wantsToDial reports whether we want peers that we would have to dial.
func (s *State) wantsToDial() bool {
	return s.Running() && (!s.wantsNothing() || s.config.SeedOutgoing != Off)
}

// mayDial reports whether to dial, if there is anybody to try.
func (s *State) mayDial() bool {
	hasRoom := s.config.MaxPeers < 0 || len(s.peers)+s.book.Dialing() < s.config.MaxPeers
	return s.wantsToDial() && hasRoom
}

// dialDeadline returns when there may be an address to dial; zero for never.
func (s *State) dialDeadline() time.Time {
	if !s.mayDial() {
		return time.Time{}
	}
	return s.book.Due()
}
