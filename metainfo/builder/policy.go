package builder

import (
	"fmt"
	"math/bits"

	"github.com/shoal-bt/shoal/metainfo"
	"github.com/shoal-bt/shoal/metainfo/internal/layout"
	"github.com/shoal-bt/shoal/piecehash"
)

func hasV1(f metainfo.Format) bool { return f != metainfo.V2 }
func hasV2(f metainfo.Format) bool { return f != metainfo.V1 }

// hashLen is the number of bytes that a .torrent file has for each piece.
func hashLen(f metainfo.Format) (n int64) {
	if hasV1(f) {
		n += 20
	}
	if hasV2(f) {
		n += 32
	}
	return n
}

// A Policy says how the piece length is chosen. Small pieces are checked and shared
// sooner, large ones make a smaller .torrent file. Every choice is a power of two of
// at most 16 MiB, or more if the hashes would otherwise take more than 4 MiB.
type Policy uint8

// The policies.
const (
	// Balanced makes about 2,000 pieces of at least 512 KiB.
	Balanced Policy = iota
	// FileSize makes about 1,000 pieces of at least 1 MiB.
	FileSize
	// Transfer makes about 3,000 pieces of at least 16 KiB.
	Transfer
)

const (
	maxPolicyLength = 16 << 20
	maxPolicyHashes = 4 << 20
)

// PieceLength returns the piece length, in bytes, for a torrent of length bytes.
func (p Policy) PieceLength(length int64, format metainfo.Format) int64 {
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
	for n < layout.MaxPieceLength && length/n*hashLen(format) > maxPolicyHashes {
		n *= 2
	}
	return n
}

// checkPieceLength returns an error if a piece length must not be used. It is stricter
// than package metainfo, which reads old torrents with other lengths.
func checkPieceLength(n int64) error {
	if n < piecehash.BlockLen || n > layout.MaxPieceLength || bits.OnesCount64(uint64(n)) != 1 {
		return fmt.Errorf("piece length %d is not a power of two from %d to %d", n, piecehash.BlockLen, layout.MaxPieceLength)
	}
	return nil
}
