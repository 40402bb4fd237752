package builder

import (
	"slices"
	"strconv"
	"strings"

	"github.com/shoal-bt/shoal/metainfo/internal/layout"
)

// pads makes pads with the paths that BEP 47 recommends, but distinct, because some
// clients make files of them and refuse two of one name.
// https://www.bittorrent.org/beps/bep_0047.html#padding-files
type pads struct {
	folder string
	made   map[int64]int // how many there are of each length
}

// newPads returns pads whose folder none of the inputs is in.
func newPads(inputs []input) *pads {
	p := &pads{folder: layout.PadPath(0)[0], made: make(map[int64]int)}
	for slices.ContainsFunc(inputs, func(in input) bool { return strings.EqualFold(in.path[0], p.folder) }) {
		p.folder += "_"
	}
	return p
}

// next makes a pad of length bytes.
func (p *pads) next(length int64) file {
	path := layout.PadPath(length)
	path[0] = p.folder
	p.made[length]++
	if n := p.made[length]; n > 1 {
		path[1] += "." + strconv.Itoa(n)
	}
	return file{path: path, length: length}
}
