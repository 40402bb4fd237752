package metainfo

import "github.com/shoal-bt/shoal/piecehash"

// Lanes returns how many pieces are worth handing to Verify at once, because
// they are hashed side by side. It is 1 where the processor gains nothing by it,
// and for v2 torrents, for the blocks of one piece fill the lanes.
func (i *Info) Lanes() int {
	if i.HasV1() {
		return piecehash.Lanes1()
	}
	return 1
}
