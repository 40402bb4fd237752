package magnet

import (
	"net/netip"

	"github.com/shoal-bt/shoal/connect"
	"github.com/shoal-bt/shoal/protocol/announcing"
	"github.com/shoal-bt/shoal/swarm"
)

// A Result is what a fetch brings. All of it belongs to the caller, who hands on what a torrent
// goes on with, takes that out, and closes the rest with Close.
type Result struct {
	// Info is the info dictionary. It fits the given hashes; whether it is a valid
	// torrent is not checked. It is nil if the fetch was stopped before it had all of it.
	Info []byte

	// Peers are the addresses that are known, those of Conns included.
	Peers []Peer

	// Conns are live connections. Each has its Replay, and the first messages were sent on
	// it (connect.Conn.Greeted), so that a torrent can go on with it.
	Conns []Live

	// Banned are the peers that alone sent metadata that does not fit. For an address of a
	// local network the port counts as well.
	Banned []netip.AddrPort

	// Sources says how far each source is, once for each swarm. One that was being called
	// has the Call, which a torrent goes on with.
	Sources []SourceState

	say swarm.Announcement // to Sources, when they are closed
}

// Close closes the connections that r still has, and tells the sources that r still has, and
// that heard of us, that we stopped; that takes 3 s at most. A nil Result has nothing to close.
func (r *Result) Close() {
	if r == nil {
		return
	}
	for _, c := range r.Conns {
		c.Close()
	}
	stopSources(r.Sources, r.say)
	r.Conns, r.Sources = nil, nil
}

// An Origin is who named an address. Several may have.
type Origin struct {
	User     bool               // Options.Peers or Fetcher.AddPeers
	Incoming bool               // the peer dialed us
	Sources  []swarm.PeerSource // these named it
	Peer     netip.Addr         // the peer that named it (BEP 11), the first if there are several; zero for none
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
type SourceState = announcing.State
