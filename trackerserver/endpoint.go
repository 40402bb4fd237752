package trackerserver

import (
	"encoding/binary"
	"net/netip"

	"github.com/shoal-bt/shoal/swarm"
)

// An endpoint identifies a peer in a swarm, because addresses are harder to forge than
// peer ids. There is a type for each address family. They have no pointer, so that
// millions of them cost the garbage collector nothing.
type endpoint interface {
	comparable
	addr() netip.AddrPort
	holder() holder
}

type endpoint4 struct {
	ip   [4]byte
	port uint16
}

func (e endpoint4) addr() netip.AddrPort { return netip.AddrPortFrom(netip.AddrFrom4(e.ip), e.port) }

// holder returns the address that the peer at e is charged to.
func (e endpoint4) holder() holder {
	return holder(0xffff<<32 | uint64(binary.BigEndian.Uint32(e.ip[:])))
}

type endpoint6 struct {
	ip   [16]byte
	port uint16
}

func (e endpoint6) addr() netip.AddrPort { return netip.AddrPortFrom(netip.AddrFrom16(e.ip), e.port) }

// holder returns the /64 that the peer at e is charged to.
func (e endpoint6) holder() holder { return holder(binary.BigEndian.Uint64(e.ip[:8])) }

// holderOf returns the holder that an address is charged to.
func holderOf(a netip.Addr) holder {
	a = a.Unmap()
	if a.Is4() {
		return endpoint4{ip: a.As4()}.holder()
	}
	return endpoint6{ip: a.As16()}.holder()
}

// A role is what a peer does in a swarm.
type role uint8

const (
	leecher role = iota
	partialSeed
	seed
)

// roleOf returns the role of a peer that announces.
func roleOf(q *Request) role {
	switch {
	case q.Seed():
		return seed
	case q.PartialSeed:
		return partialSeed
	}
	return leecher
}

// An entry is a peer in a peerSet. It takes 32 bytes with IPv4, and 44 with IPv6.
type entry[E endpoint] struct {
	at     E
	role   role
	seenAt uint32 // when it last announced, in seconds since 1970
	id     swarm.PeerID
}
