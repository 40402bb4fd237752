package swarmsim

import (
	"github.com/shoal-bt/shoal/protocol/budget"
	"github.com/shoal-bt/shoal/swarm"
)

// content stands for the bytes of all blocks. A block has the right bytes or wrong ones,
// and which of the two its buffer points to is all that is known of them.
type content struct{ right, wrong [swarm.BlockLen]byte }

// block returns the bytes of a block of n bytes. Nobody writes to them.
func (c *content) block(n int, isWrong bool) []byte {
	if isWrong {
		return c.wrong[:n]
	}
	return c.right[:n]
}

// isWrong reports whether a buffer has the wrong bytes.
func (c *content) isWrong(buf []byte) bool { return len(buf) > 0 && &buf[0] == &c.wrong[0] }

// sum is a hash of a block.
func sum(isWrong bool) uint64 {
	if isWrong {
		return 2
	}
	return 1
}

// A memory is a Quota without its buffers: units are counted as in an engine, but all
// blocks share the bytes of content.
type memory struct{ *budget.Quota }

// Drop takes back the units of buffers.
func (m memory) Drop(bufs [][]byte) {
	n := 0
	for _, b := range bufs {
		if b != nil {
			n++
		}
	}
	m.Release(n)
}

// Keep leaves a unit with the torrent.
func (m memory) Keep([]byte) {}
