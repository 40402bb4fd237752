// Package ownaddress finds out the address by which others see us.
//
// In come what peers and trackers say (yourip of
// https://www.bittorrent.org/beps/bep_0010.html, "handshake message", and external ip of
// https://www.bittorrent.org/beps/bep_0024.html); out comes the address that most say. Any
// of them may lie, so each network has one vote, its last, and one vote alone is not
// enough. [Votes] is a value that one goroutine owns; its memory is bounded.
package ownaddress

import (
	"net/netip"
	"slices"
)

const (
	maxVoters = 100 // of each family, whose votes are counted; the oldest vote goes first
	least     = 2   // votes that an address needs
)

// Votes are what others say our address is. The zero Votes is empty.
type Votes struct {
	v4, v6 ballot
}

// A ballot is the votes for the addresses of one family, the oldest first.
type ballot []vote

type vote struct {
	network netip.Prefix // of the voter
	addr    netip.Addr   // that it sees us by
}

// Add counts what a voter says, and reports whether an address that Of returns is another
// one now. Addresses that cannot be ours on the Internet do not count, nor does what a
// voter says that is not on the Internet itself. The zero Addr stands for voters whose address
// is not known, such as trackers; together they have one vote.
func (v *Votes) Add(voter, addr netip.Addr) (changed bool) {
	voter, addr = voter.Unmap(), addr.Unmap()
	isKnown := voter.IsValid()
	if (isKnown && !isPublic(voter)) || !isPublic(addr) {
		return false
	}
	b := v.of(addr)
	before := b.winner()
	network := networkOf(voter)
	*b = slices.DeleteFunc(*b, func(o vote) bool { return o.network == network })
	if len(*b) >= maxVoters {
		*b = slices.Delete(*b, 0, 1)
	}
	*b = append(*b, vote{network, addr})
	return b.winner() != before
}

// Len returns the number of votes.
func (v *Votes) Len() int { return len(v.v4) + len(v.v6) }

// Of returns our address in the family of another address; the zero Addr if it is not
// known.
func (v *Votes) Of(family netip.Addr) netip.Addr { return v.of(family.Unmap()).winner() }

func (v *Votes) of(family netip.Addr) *ballot {
	if family.Is4() {
		return &v.v4
	}
	return &v.v6
}

// winner returns the address with most votes, and of equals the one with the oldest vote.
func (b ballot) winner() (best netip.Addr) {
	most := least - 1
	for i, v := range b {
		isFirst := !slices.ContainsFunc(b[:i], func(o vote) bool { return o.addr == v.addr })
		if !isFirst {
			continue
		}
		n := 0
		for _, o := range b[i:] {
			if o.addr == v.addr {
				n++
			}
		}
		if n > most {
			best, most = v.addr, n
		}
	}
	return best
}

// networkOf returns the network that has one vote: an IPv4 /24 or an IPv6 /64.
func networkOf(a netip.Addr) netip.Prefix {
	bits := 64
	if a.Is4() {
		bits = 24
	}
	p, _ := a.WithZone("").Prefix(bits)
	return p
}

func isPublic(a netip.Addr) bool { return a.IsGlobalUnicast() && !a.IsPrivate() }
