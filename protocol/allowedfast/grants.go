// Package allowedfast decides which pieces peers may download while we choke them.
//
// In come the addresses of peers and the blocks that they request; out comes which pieces
// to offer by Allowed Fast, and whether a block of them is served
// (https://www.bittorrent.org/beps/bep_0006.html, "Allowed Fast"). A network is given each
// piece once, even if its peers come back, because a peer could otherwise get all that it
// wants without an upload slot. [Grants] is a value that one goroutine owns; its
// memory is bounded.
package allowedfast

import (
	"net/netip"

	"github.com/shoal-bt/shoal/peerwire"
	"github.com/shoal-bt/shoal/swarm"
)

const (
	most        = 10   // pieces of a set, k of BEP 6
	leastShare  = 10   // a set has at most one in ten of the torrent's pieces
	maxNetworks = 1000 // that are remembered; the oldest is forgotten
)

// Most returns the number of pieces of a set, for a torrent with a number of pieces. A
// peer that has more needs no set.
func Most(pieces int) int { return min(most, pieces/leastShare) }

// Grants is what was given while choked, by network. The zero Grants is empty.
type Grants struct {
	given map[netip.Addr]map[int]int // bytes by network and piece
	order []netip.Addr               // networks, oldest first
}

// Offer returns the pieces to offer to the peer at an address: its set, without those that
// its network was given. Only IPv4 addresses have a set.
func (g *Grants) Offer(to netip.Addr, id swarm.ID, geo *swarm.Geometry) []int {
	n := geo.Pieces()
	set := peerwire.AppendAllowedFast(nil, to, id, n, Most(n))
	given, offer := g.given[networkOf(to)], set[:0]
	for _, piece := range set {
		if given[piece] < geo.PieceLen(piece) {
			offer = append(offer, piece)
		}
	}
	return offer
}

// Take notes that a block goes to the peer at an address, and reports whether it may: not if
// its network was given that much of the piece.
func (g *Grants) Take(to netip.Addr, b swarm.Block, geo *swarm.Geometry) bool {
	network := networkOf(to)
	given := g.given[network]
	if given[b.Piece]+b.Length > geo.PieceLen(b.Piece) {
		return false
	}
	if given == nil {
		given = make(map[int]int)
		g.add(network, given)
	}
	given[b.Piece] += b.Length
	return true
}

func (g *Grants) add(network netip.Addr, given map[int]int) {
	if len(g.order) >= maxNetworks {
		delete(g.given, g.order[0])
		g.order = g.order[1:]
	}
	if g.given == nil {
		g.given = make(map[netip.Addr]map[int]int)
	}
	g.given[network] = given
	g.order = append(g.order, network)
}

// networkOf returns the first address of an IPv4 /24, whose peers share a set; the zero Addr
// for IPv6.
func networkOf(a netip.Addr) netip.Addr {
	a = a.Unmap()
	if !a.Is4() {
		return netip.Addr{}
	}
	p, _ := a.Prefix(24)
	return p.Addr()
}
