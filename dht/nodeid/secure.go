package nodeid

import (
	"hash/crc32"
	"math/rand/v2"
	"net/netip"
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// Masks of the parts of an address that an ID depends on
// (https://www.bittorrent.org/beps/bep_0042.html, "Node ID restriction").
var (
	mask4 = [4]byte{0x03, 0x0f, 0x3f, 0xff}
	mask6 = [8]byte{0x01, 0x03, 0x07, 0x0f, 0x1f, 0x3f, 0x7f, 0xff}
)

// checksum returns the hash whose first 21 bits begin the ids of an address. r is the last
// byte of the id.
func checksum(a netip.Addr, r byte) uint32 {
	a = a.Unmap()
	if a.Is4() {
		b := a.As4()
		for i := range b {
			b[i] &= mask4[i]
		}
		b[0] |= r & 7 << 5
		return crc32.Checksum(b[:], castagnoli)
	}
	long := a.As16()
	b := [8]byte(long[:8])
	for i := range b {
		b[i] &= mask6[i]
	}
	b[0] |= r & 7 << 5
	return crc32.Checksum(b[:], castagnoli)
}

// Fits reports whether a node of an address may have an id. Every id fits an address that
// is exempt.
func Fits(id ID, a netip.Addr) bool {
	if Exempt(a) {
		return true
	}
	c := checksum(a, id[19])
	return id[0] == byte(c>>24) && id[1] == byte(c>>16) && (id[2]^byte(c>>8))&0xf8 == 0
}

// ForAddr returns a random id that fits an address.
func ForAddr(a netip.Addr, random *rand.Rand) ID {
	id := Random(random)
	c := checksum(a, id[19])
	id[0], id[1], id[2] = byte(c>>24), byte(c>>16), byte(c>>8)&0xf8|id[2]&7
	return id
}

// Random returns a random id.
func Random(random *rand.Rand) (id ID) {
	for i := range id {
		id[i] = byte(random.Uint32())
	}
	return id
}

// Exempt reports whether an address is of a local network, where ids are free
// (https://www.bittorrent.org/beps/bep_0042.html, "Enforcement"; the same of IPv6).
func Exempt(a netip.Addr) bool {
	a = a.Unmap()
	return a.IsPrivate() || a.IsLoopback() || a.IsLinkLocalUnicast()
}
