package metainfo

import "github.com/shoal-bt/shoal/piecehash"

// Lanes returns how many pieces Verify hashes side by side: batches of that many, or a
// multiple, are the fastest. It is 1 if the processor hashes pieces one after the other,
// and for v2-only torrents, because there the blocks of a single piece fill the lanes.
func (i *Info) Lanes() int {
	if i.HasV1() {
		return piecehash.Lanes1()
	}
	return 1
}
