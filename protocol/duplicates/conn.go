package duplicates

import (
	"bytes"
	"net/netip"

	"github.com/shoal-bt/shoal/swarm"
)

// A Conn is what is known of a connection when its handshake is done.
type Conn struct {
	Addr     netip.AddrPort
	ID       swarm.PeerID // what the peer calls itself
	Outgoing bool         // we dialed
}

// A Match says how sure it is that two connections have the same peer.
type Match uint8

// The matches. The higher of two is the surer.
const (
	None     Match = iota // they have not
	Pretends              // the peer ids are equal, and the addresses are not
	Same                  // both are equal
)

// MayBe returns whether a new connection may have the same peer as c. Peer ids are no
// secret, so a connection from another address may only pretend to. It must not end one
// that we have, and it must not keep us from the peer itself: if we dialed, and the other
// came to us, there may be both.
func (c Conn) MayBe(added Conn) Match {
	switch {
	case c.ID != added.ID:
		return None
	case c.Addr.Addr().Unmap() == added.Addr.Addr().Unmap():
		return Same
	case c.Outgoing || !added.Outgoing:
		return Pretends
	}
	return None
}

// Replaces reports whether a new connection replaces old, which has the same peer for sure.
// If both sides dialed, both must keep the same connection: the one that the greater of the
// two peer ids made.
func (added Conn) Replaces(old Conn, ours swarm.PeerID) bool {
	return old.Outgoing != added.Outgoing && added.Outgoing == IsGreater(ours, added.ID)
}

// IsGreater reports whether our peer id is greater than another.
func IsGreater(ours, than swarm.PeerID) bool { return bytes.Compare(ours[:], than[:]) > 0 }
