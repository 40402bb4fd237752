package exchanging

import (
	"fmt"
	"iter"
	"net/netip"
	"time"

	"github.com/shoal-bt/shoal/peerwire"
	"github.com/shoal-bt/shoal/protocol/ending"
	"github.com/shoal-bt/shoal/swarm"
)

const (
	// Every is the least time between two messages of one side
	// (https://www.bittorrent.org/beps/bep_0011.html#protocol-extension).
	Every = time.Minute

	// maxBody is the length of a message in bytes, which has room for 1,500 IPv6 addresses;
	// a longer one ends the connection.
	maxBody = 32 << 10

	// maxPerMinute is how many messages a peer may send in a minute; with one more the
	// connection ends, and the peer may not return at once
	// (https://www.bittorrent.org/beps/bep_0011.html#protocol-extension).
	maxPerMinute = 6

	// slack is how long before its time a message may come, because the network delays some
	// and not others.
	slack = Every
)

// An Incoming is what one peer has sent. The zero Incoming is one that has sent nothing.
type Incoming struct {
	got        bool      // the first message came, which may be longer
	expectedAt time.Time // when the next message may come, without slack
	minuteAt   time.Time // since when messages are counted
	inMinute   int       // messages since then
}

// Message returns the addresses that a message adds, unless they are among those of the peers that
// are connected. A message that comes too soon is ignored, and so are addresses beyond those that it
// may have; ignored says how many. What is dropped does not matter: the sender has lost that peer,
// but we may still reach it. An error ends the connection.
func (i *Incoming) Message(now time.Time, body []byte, connected iter.Seq[swarm.Address]) (found []swarm.Address, ignored int, err error) {
	if len(body) > maxBody {
		return nil, 0, fmt.Errorf("a message of peer exchange has %d bytes, may have %d", len(body), maxBody)
	}
	if now.Sub(i.minuteAt) >= time.Minute {
		i.minuteAt, i.inMinute = now, 0
	}
	i.inMinute++
	if i.inMinute > maxPerMinute {
		return nil, 0, ending.Flood(peerwire.Extended, "more than %d messages of peer exchange came within a minute", maxPerMinute)
	}
	if i.expectedAt.Sub(now) > slack {
		return nil, 1, nil
	}
	if i.expectedAt.Before(now) {
		i.expectedAt = now
	}
	i.expectedAt = i.expectedAt.Add(Every)
	m, err := peerwire.ParsePEX(body)
	if err != nil {
		return nil, 0, err
	}
	found, ignored = i.take(m, connected)
	return found, ignored, nil
}

// take returns the addresses that a message adds, one port of each, and how many others it has.
// One port is enough (https://www.bittorrent.org/beps/bep_0011.html#security-considerations).
// Peers that are connected are left out, also those that dialed us: a second connection would
// end one of the two, perhaps the one that is in use.
func (i *Incoming) take(m peerwire.PEX, connected iter.Seq[swarm.Address]) (found []swarm.Address, ignored int) {
	added := m.Added
	if i.got {
		added = added[:min(len(added), peerwire.MaxPEX)]
	}
	i.got = true
	isConnected := make(map[netip.AddrPort]bool)
	for a := range connected {
		isConnected[netip.AddrPortFrom(a.Addr().Unmap(), a.Port())] = true
	}
	isTaken := make(map[netip.Addr]bool, len(added))
	ignored = m.LeftOut + len(m.Added)
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
	return found, ignored
}
