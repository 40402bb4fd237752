package pex

import (
	"net/netip"
	"time"

	"github.com/shoal-bt/shoal/peerwire"
	"github.com/shoal-bt/shoal/protocol/exchanging"
	"github.com/shoal-bt/shoal/protocol/places"
	"github.com/shoal-bt/shoal/swarm"
)

const (
	// firstAfter is the time from the handshake to the first message. When a torrent starts,
	// many peers come at once, and those who miss this message wait for a minute.
	firstAfter = 2 * time.Second

	// lookEvery is the time between two looks at the peers while there is nothing to send.
	lookEvery = 15 * time.Second

	// maxFirst is how many peers the first message may add; peerwire.ParsePEX takes as many.
	maxFirst = 200
)

// An outgoing is what we send to a peer.
type outgoing struct {
	named []netip.AddrPort // as added, and not yet as dropped; one for each IP address
	sent  bool             // the first message was sent
	dueAt time.Time        // when to look at the peers again
}

// Tick sends a message if it is time for one and peers came or went.
func (s *session) Tick(now time.Time) {
	if now.Before(s.dueAt) {
		return
	}
	m, named := s.difference(s.connected())
	isEmpty := len(m.Added)+len(m.Dropped) == 0
	switch {
	case isEmpty && s.sent:
		s.dueAt = now.Add(lookEvery)
	case !isEmpty && s.conn.Send(m.AppendTo(nil)):
		s.named, s.sent, s.dueAt = named, true, now.Add(exchanging.Every)
	}
}

// connected returns the peers that may be named to the other side. It would take none that is
// more local than we are to it.
func (s *session) connected() (all []swarm.Address) {
	limit := places.Locality(s.conn.Addr().Addr())
	for a := range s.conn.Peers {
		ip := a.Addr().Unmap()
		if ip.Zone() != "" || places.Locality(ip) > limit {
			continue
		}
		a.AddrPort = netip.AddrPortFrom(ip, a.Port())
		all = append(all, a)
	}
	return all
}

// difference returns the message that names who came and who went, as many as one message
// may, and what is named once it is sent. A peer whose port changed is dropped first and added
// by a later message, because a message may not name one address twice.
func (o *outgoing) difference(connected []swarm.Address) (m peerwire.PEX, named []netip.AddrPort) {
	isConnected := make(map[netip.AddrPort]bool, len(connected))
	for _, a := range connected {
		isConnected[a.AddrPort] = true
	}
	isNamed := make(map[netip.Addr]bool, len(connected))
	for _, a := range o.named {
		isNamed[a.Addr()] = true
		if !isConnected[a] && len(m.Dropped) < peerwire.MaxPEX {
			m.Dropped = append(m.Dropped, swarm.Address{AddrPort: a})
			continue
		}
		named = append(named, a)
	}
	most := maxFirst
	if o.sent {
		most = peerwire.MaxPEX
	}
	for _, a := range connected {
		if len(m.Added) >= most {
			break
		}
		if !isNamed[a.Addr()] {
			isNamed[a.Addr()] = true
			m.Added = append(m.Added, a)
			named = append(named, a.AddrPort)
		}
	}
	return m, named
}
