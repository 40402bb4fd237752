package metainfo

import (
	"fmt"
	"math/bits"

	"github.com/shoal-bt/shoal/metainfo/internal/layout"
	"github.com/shoal-bt/shoal/piecehash"
)

// A Format says for which protocol versions a torrent is.
type Format uint8

// The formats. A hybrid is for both, and its files begin at pieces.
const (
	V1 Format = iota
	V2
	Hybrid
)

// String returns the format as "v1", "v2" or "hybrid".
func (f Format) String() string {
	switch f {
	case V1:
		return "v1"
	case V2:
		return "v2"
	case Hybrid:
		return "hybrid"
	}
	return fmt.Sprintf("format %d", uint8(f))
}

func (f Format) v1() bool { return f != V2 }
func (f Format) v2() bool { return f != V1 }

// hashLen is the number of bytes in a .torrent file for each piece.
func (f Format) hashLen() int64 {
	switch f {
	case V1:
		return 20
	case V2:
		return 32
	}
	return 52
}

// A Policy says how a Builder chooses the piece length: small pieces are checked
// and passed on sooner, large ones make a smaller file. Every choice is a power
// of two, up to 16 MiB or what keeps the hashes below 4 MiB.
type Policy uint8

// The policies.
const (
	// Balanced makes some 2,000 pieces of at least 512 KiB.
	Balanced Policy = iota
	// FileSize makes some 1,000 pieces of at least 1 MiB.
	FileSize
	// Transfer makes some 3,000 pieces of at least 16 KiB.
	Transfer
)

const (
	maxPolicyLength = 16 << 20
	maxPolicyHashes = 4 << 20
)

// PieceLength returns the piece length for a torrent of length bytes.
func (p Policy) PieceLength(length int64, format Format) int64 {
	pieces, least := int64(2000), int64(512<<10)
	switch p {
	case FileSize:
		pieces, least = 1000, 1<<20
	case Transfer:
		pieces, least = 3000, piecehash.BlockLen
	}
	n := least
	for n < maxPolicyLength && n < length/pieces {
		n *= 2
	}
	for n < layout.MaxPieceLength && length/n*format.hashLen() > maxPolicyHashes {
		n *= 2
	}
	return n
}

// checkPieceLength says why a piece length that the user chose cannot be. It is
// stricter than what is read from others.
func checkPieceLength(n int64) error {
	if n < piecehash.BlockLen || n > layout.MaxPieceLength || bits.OnesCount64(uint64(n)) != 1 {
		return fmt.Errorf("piece length %d is not a power of two from %d to %d", n, piecehash.BlockLen, layout.MaxPieceLength)
	}
	return nil
}
