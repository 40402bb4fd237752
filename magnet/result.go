package magnet

import (
	"net/netip"
	"time"

	"github.com/shoal-bt/shoal/connect"
	"github.com/shoal-bt/shoal/swarm"
)

// A Result is what a fetch brings. All of it belongs to the caller, who closes or hands on
// the connections.
type Result struct {
	// Info is the info dictionary. It fits the given hashes; whether it is a valid
	// torrent is not checked.
	Info []byte

	// Peers are the addresses that are known, those of Conns included.
	Peers []Peer

	// Conns are live connections. Each has its Replay, and the first messages were sent on
	// it (connect.Conn.Greeted), so that a torrent can go on with it.
	Conns []Live

	// Banned are the peers that alone sent metadata that does not fit. For an address of a
	// local network the port counts as well.
	Banned []netip.AddrPort

	// Sources says how far each source is, once for each swarm.
	Sources []SourceState
}

// An Origin is who named an address. Several may have.
type Origin struct {
	User     bool               // Options.Peers or Fetcher.AddPeers
	Incoming bool               // the peer dialed us
	Sources  []swarm.PeerSource // these named it
}

// A Peer is an address where a peer accepts connections, and who named it.
type Peer struct {
	swarm.Address
	Origin Origin
}

// A Live is a connection, and who named the peer's address.
type Live struct {
	*connect.Conn
	Origin Origin
}

// A SourceState says how far a source is in one swarm, so that a torrent can go on with it.
type SourceState struct {
	Source   swarm.PeerSource
	Swarm    swarm.ID
	Started  bool      // it heard swarm.Started, and not swarm.Stopped
	Next     time.Time // when to announce again; zero for never
	Earliest time.Time // before this it must not be asked again, not even for a user; zero if it may be
}
