package batchhash

import (
	"github.com/shoal-bt/shoal/piecehash"
	"github.com/shoal-bt/shoal/swarm"
)

// Covered returns the number of bytes of a piece that merkle leaves cover in a v2 or
// hybrid torrent: those before the pad.
func Covered(g swarm.Geometry, piece int) int {
	g.Short = true
	return g.PieceLen(piece)
}

// PieceRoot returns the v2 hash of a piece that has these leaves. In a file that fits
// into a piece the tree is as low as it can be. In a longer file the trees of all pieces
// have the same height.
// BEP 52, "pieces root" and "piece layers": https://www.bittorrent.org/beps/bep_0052.html
func PieceRoot(leaves [][32]byte, fileLength, pieceLength int64) [32]byte {
	if fileLength <= pieceLength {
		return piecehash.Root(leaves, 0)
	}
	return piecehash.Subtree(leaves, 0, piecehash.PieceLayer(pieceLength))
}
