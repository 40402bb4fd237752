package pex

import (
	"fmt"
	"net/netip"
	"time"

	"github.com/shoal-bt/shoal/peerwire"
	"github.com/shoal-bt/shoal/protocol/ending"
	"github.com/shoal-bt/shoal/swarm"
)

const (
	// maxBody is the length of a message in bytes, which has room for 1,500 IPv6 addresses;
	// a longer one ends the connection.
	maxBody = 32 << 10

	// maxPerMinute is how many messages a peer may send in a minute; with one more the
	// connection ends, and the peer may not return at once
	// (https://www.bittorrent.org/beps/bep_0011.html#protocol-extension).
	maxPerMinute = 6

	// slack is how long before its time a message may come, because the network delays some
	// and not others.
	slack = sendEvery
)

// An incoming is how often a peer sends messages.
type incoming struct {
	got        bool      // the first message came, which may be longer
	expectedAt time.Time // when the next message may come, without slack
	minuteAt   time.Time // since when messages are counted
	inMinute   int       // messages since then
}

// Message takes in the addresses that a message adds. A message that comes too soon is
// ignored, and so are addresses beyond those that it may have. What is dropped does not
// matter: the sender has lost that peer, but we may still reach it.
func (s *session) Message(now time.Time, body []byte) error {
	if len(body) > maxBody {
		return fmt.Errorf("a message of peer exchange has %d bytes, may have %d", len(body), maxBody)
	}
	if now.Sub(s.minuteAt) >= time.Minute {
		s.minuteAt, s.inMinute = now, 0
	}
	s.inMinute++
	if s.inMinute > maxPerMinute {
		return ending.Flood(peerwire.Extended, "more than %d messages of peer exchange came within a minute", maxPerMinute)
	}
	if s.expectedAt.Sub(now) > slack {
		s.conn.CountIgnored(1)
		return nil
	}
	if s.expectedAt.Before(now) {
		s.expectedAt = now
	}
	s.expectedAt = s.expectedAt.Add(sendEvery)
	m, err := peerwire.ParsePEX(body)
	if err != nil {
		return err
	}
	s.take(m)
	return nil
}

// take passes on the addresses that a message adds, one port of each, and counts the others.
// One port is enough (https://www.bittorrent.org/beps/bep_0011.html#security-considerations).
// Peers that are connected are left out, also those that dialed us: a second connection would
// end one of the two, perhaps the one that is in use.
func (s *session) take(m peerwire.PEX) {
	added := m.Added
	if s.got {
		added = added[:min(len(added), peerwire.MaxPEX)]
	}
	s.got = true
	isConnected := make(map[netip.AddrPort]bool)
	for a := range s.conn.Peers {
		isConnected[netip.AddrPortFrom(a.Addr().Unmap(), a.Port())] = true
	}
	var found []swarm.Address
	isTaken := make(map[netip.Addr]bool, len(added))
	ignored := m.LeftOut + len(m.Added)
	for _, a := range added {
		if isTaken[a.Addr()] {
			continue
		}
		isTaken[a.Addr()] = true
		ignored--
		if !isConnected[a.AddrPort] {
			found = append(found, a)
		}
	}
	s.conn.CountIgnored(ignored)
	if len(found) > 0 {
		s.conn.Found(found...)
	}
}
