package peerwire

import (
	"crypto/sha1"
	"encoding/binary"
	"net/netip"
	"slices"

	"github.com/shoal-bt/shoal/swarm"
)

// AppendAllowedFast appends to dst the allowed fast set of the peer at address a: the
// indices of k pieces that it may request while it is choked, or all indices if the
// torrent has fewer. pieces is the number of the torrent's pieces. Every client
// computes the same set for the same address. Only IPv4 addresses have a set; for
// others nothing is appended. See
// https://www.bittorrent.org/beps/bep_0006.html#allowed-fast-set-generation.
func AppendAllowedFast(dst []int, a netip.Addr, id swarm.ID, pieces, k int) []int {
	a = a.Unmap()
	if !a.Is4() || pieces <= 0 {
		return dst
	}
	ip := a.As4()
	var x [4 + len(id)]byte
	copy(x[:], ip[:3]) // the last byte stays 0: one set for each /24 network
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
