package peerwire

import (
	"crypto/sha1"
	"encoding/binary"
	"net/netip"
	"slices"

	"github.com/shoal-bt/shoal/swarm"
)

// AppendAllowedFast appends to dst the indices of k pieces that a peer at an address
// may have although it is choked, of a torrent of so many pieces, or all if it has
// fewer. The same address gets the same pieces from everyone. Only IPv4 addresses
// have such a set; for others nothing is appended. See
// https://www.bittorrent.org/beps/bep_0006.html (section "allowed fast set
// generation").
func AppendAllowedFast(dst []int, a netip.Addr, id swarm.ID, pieces, k int) []int {
	a = a.Unmap()
	if !a.Is4() || pieces <= 0 {
		return dst
	}
	ip := a.As4()
	var x [4 + len(id)]byte
	copy(x[:], ip[:3])
	copy(x[4:], id[:])
	start := len(dst)
	k = min(k, pieces)
	for sum := sha1.Sum(x[:]); ; sum = sha1.Sum(sum[:]) {
		for i := 0; i < len(sum); i += 4 {
			if len(dst)-start >= k {
				return dst
			}
			index := int(uint64(binary.BigEndian.Uint32(sum[i:])) % uint64(pieces))
			if !slices.Contains(dst[start:], index) {
				dst = append(dst, index)
			}
		}
	}
}
