package dht

import (
	"context"
	"net"
	"net/netip"
)

// DefaultRouters are nodes that many programs ask first. They are asked for others and
// never enter the routing table.
var DefaultRouters = []string{
	"dht.libtorrent.org:25401",
	"router.bittorrent.com:6881",
	"dht.transmissionbt.com:6881",
	"router.utorrent.com:6881",
}

// Config says how a node works. It is read once. At least one socket is needed.
type Config struct {
	// Conn4 and Conn6 are the sockets for IPv4 and IPv6; nil for none. They stay the
	// caller's, and must not be closed before Close has returned.
	Conn4, Conn6 net.PacketConn

	// Saved is what Save returned at the last end; zero for nothing.
	Saved Saved

	// Nodes are asked first, HOST:PORT each: the nodes of a .torrent file, or a friend's.
	Nodes []string

	// Routers are asked if few nodes are known, HOST:PORT each. Nil means DefaultRouters; an
	// empty list means none.
	Routers []string

	// External4 and External6 are our public addresses, if they are known for sure.
	// Otherwise they are what most nodes say.
	External4, External6 netip.Addr

	ReadOnly   bool // ask, but answer nobody (BEP 43)
	EnforceIDs bool // ignore and refuse nodes whose id does not fit their address, instead of preferring others (BEP 42)

	// ImpliedPort says that peers reach us at the port of the socket, so that an announce
	// counts for the port that others see (BEP 5). Only for a socket that takes peers, too.
	ImpliedPort bool

	// QueriesPerAddr and Queries bound the queries that are served, per second: of one
	// address or /64, and of all. Zero means 20 and 2,000, a negative number no limit.
	QueriesPerAddr, Queries int

	// Version names the program: 4 bytes by custom; empty for "SL" and our version.
	Version string

	// OnEvent is called with what happens, one at a time; it must not block, and must not
	// call the Node. Nil for nobody.
	OnEvent func(Event)

	// Resolver looks the routers' names up; nil means net.DefaultResolver.
	Resolver Resolver
}

// A Resolver looks a name up, as *net.Resolver does.
type Resolver interface {
	LookupNetIP(ctx context.Context, network, host string) ([]netip.Addr, error)
}
