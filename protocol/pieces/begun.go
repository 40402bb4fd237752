package pieces

import "github.com/shoal-bt/shoal/swarm"

// minBegun is the number of pieces that a torrent may always have in progress.
const minBegun = 4

// MaxNew returns how many pieces may be begun to request n blocks: pieces in progress are
// kept few, and yet the queues of the peers that may send are filled. If requests are spread
// over pieces, as many may follow while the last blocks of these arrive. units is the memory
// of all torrents together.
func (t *Table) MaxNew(n, spread, senders, units int) int {
	perPiece := int((t.geo.PieceLength + swarm.BlockLen - 1) / swarm.BlockLen)
	most := max(minBegun, senders+senders/2) + (units+perPiece-1)/perPiece
	if spread > 1 {
		return max(0, min(most+2*spread-t.Len(), spread))
	}
	return max(0, min(most-t.Len(), n/perPiece+1))
}
