package addressbook

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"net/netip"
)

// castagnoli returns the table of CRC-32C, which is made when it is needed first: a program
// that meets no peers needs none.
func castagnoli() *crc32.Table { return crc32.MakeTable(crc32.Castagnoli) }

// Priority returns the canonical priority of a connection between two addresses, the same
// at both ends: if there are more peers than places, all of them prefer the same
// connections. Then a peer that comes late finds places, and one that floods a swarm with
// connections gets only its share of them
// (https://www.bittorrent.org/beps/bep_0040.html). It is 0 for an address that is not valid
// and for addresses of two families.
func Priority(a, b netip.AddrPort) uint32 {
	x, y := a.Addr().Unmap(), b.Addr().Unmap()
	switch {
	case !x.IsValid() || x.BitLen() != y.BitLen():
		return 0
	case x == y:
		return checksum(binary.BigEndian.AppendUint16(nil, a.Port()), binary.BigEndian.AppendUint16(nil, b.Port()))
	}
	return checksum(masked(x, y))
}

// masked returns the parts of two addresses that count. Of an IPv4 address that is the
// /16 and every second bit behind it; if both have the same /16, the /24, and so on. IPv6
// starts at the /48.
func masked(x, y netip.Addr) (a, b []byte) {
	a, b = x.AsSlice(), y.AsSlice()
	whole := 2 // bytes that count as they are
	if x.Is6() {
		whole = 6
	}
	for whole < len(a) && bytes.Equal(a[:whole], b[:whole]) {
		whole++
	}
	for i := whole; i < len(a); i++ {
		a[i] &= 0x55
		b[i] &= 0x55
	}
	return a, b
}

// checksum returns the CRC32-C of two byte strings, the lesser one first.
func checksum(a, b []byte) uint32 {
	if bytes.Compare(a, b) > 0 {
		a, b = b, a
	}
	return crc32.Update(crc32.Checksum(a, castagnoli()), castagnoli(), b)
}

// SetOwn says by which address others see us, one of each family, and at which port they
// reach us. It matters to the order in which equal addresses are dialed, and peers cannot name it.
func (b *Book) SetOwn(own netip.AddrPort) {
	if b.ownOf(own.Addr()) == own {
		return
	}
	if b.own == nil {
		b.own = new(ownAddrs)
	}
	if own.Addr().Unmap().Is4() {
		b.own.v4 = own
	} else {
		b.own.v6 = own
	}
	for _, e := range b.order {
		e.priority = b.Priority(e.addr)
	}
}

// ownAddrs are our addresses, as others see them.
type ownAddrs struct{ v4, v6 netip.AddrPort }

// ownOf returns our address of a family, which is not valid while it is not known.
func (b *Book) ownOf(family netip.Addr) netip.AddrPort {
	switch {
	case b.own == nil:
		return netip.AddrPort{}
	case family.Unmap().Is4():
		return b.own.v4
	}
	return b.own.v6
}

// Priority returns the canonical priority of a connection to an address; 0 while our own
// address is not known.
func (b *Book) Priority(addr netip.AddrPort) uint32 { return Priority(b.ownOf(addr.Addr()), addr) }
