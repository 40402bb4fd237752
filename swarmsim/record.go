package swarmsim

import (
	"net/netip"
	"time"

	"github.com/shoal-bt/shoal/peerwire"
	"github.com/shoal-bt/shoal/protocol"
	"github.com/shoal-bt/shoal/swarm"
)

// A record is what is noted of a node while the swarm runs.
type record struct {
	arrived, left  bool
	completed      time.Duration // negative for never
	bans, bannedBy int
	wrongPieces    int
	strays         strays
	sent           copies
	messages, hash uint64
	stats          protocol.Stats // of a peer that has left
}

// strays are dials to addresses at which nobody is. The zero value is none.
type strays struct {
	all  int
	by   map[netip.Addr]int
	most int // of by
}

// count counts a dial to an address at which nobody is, at any port.
func (s *strays) count(a netip.Addr) {
	if s.by == nil {
		s.by = make(map[netip.Addr]int)
	}
	s.all++
	s.by[a]++
	s.most = max(s.most, s.by[a])
}

// count counts a message that was delivered, and mixes it into the hash.
func (r *record) count(now time.Duration, from int, m *peerwire.Message) {
	r.messages++
	h := r.hash
	for _, x := range [...]uint64{
		uint64(now),
		uint64(from)<<32 | uint64(m.Kind)<<24 | uint64(len(m.Data))&(1<<24-1),
		uint64(m.Piece)<<32 | uint64(m.Block.Piece),
		uint64(m.Block.Begin)<<32 | uint64(m.Block.Length),
	} {
		h = mix(h, x)
	}
	r.hash = h
}

// mix returns a hash of h and x.
func mix(h, x uint64) uint64 {
	h = (h ^ x) * 0x9e3779b97f4a7c15
	return h ^ h>>29
}

// copies is what a seed has sent, by block. The zero value counts nothing.
type copies struct {
	perPiece int // blocks
	left     int // blocks that were never sent
	counts   []uint32
	bytes    int64         // sent
	atLast   int64         // bytes when the last block left for the first time
	lastAt   time.Duration // that time; zero for never
}

func (c *copies) init(g swarm.Geometry) {
	c.perPiece = g.BlockCount(0)
	c.counts = make([]uint32, c.perPiece*g.Pieces())
	for i := range g.Pieces() {
		c.left += g.BlockCount(i)
	}
}

func (c *copies) count(now time.Duration, b swarm.Block) {
	if c.counts == nil {
		return
	}
	c.bytes += int64(b.Length)
	n := &c.counts[b.Piece*c.perPiece+b.Begin/swarm.BlockLen]
	*n++
	if *n == 1 {
		c.left--
		if c.left == 0 {
			c.atLast, c.lastAt = c.bytes, now
		}
	}
}

// ofPieces returns how often each piece was sent, as the mean of its blocks.
func (c *copies) ofPieces(g swarm.Geometry) []float64 {
	all := make([]float64, g.Pieces())
	for i := range all {
		n := g.BlockCount(i)
		for _, times := range c.counts[i*c.perPiece:][:n] {
			all[i] += float64(times) / float64(n)
		}
	}
	return all
}
