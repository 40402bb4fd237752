package protocol

import (
	"slices"
	"testing"

	"github.com/shoal-bt/shoal/swarm"
	"github.com/shoal-bt/shoal/swarm/pickertest"
)

// lowest is a Picker for tests: the lowest blocks first, those of pieces that are
// begun before others. It is slow and easy to foresee.
type lowest struct {
	geometry swarm.Geometry
	blocks   [][]wanted // by piece and block number
	held     []bool
	begun    []bool
	order    []int // in which pieces are begun
	peers    map[swarm.Peer]swarm.Bitfield
}

// wanted is a block that lowest may ask for.
type wanted struct {
	pad   bool // never asked for
	here  bool
	from  swarm.Peer
	known bool // who from is
	asked []swarm.Peer
}

func newLowest(g swarm.Geometry) *lowest {
	n := g.Pieces()
	l := &lowest{
		geometry: g, blocks: make([][]wanted, n), held: make([]bool, n), begun: make([]bool, n),
		peers: make(map[swarm.Peer]swarm.Bitfield),
	}
	for i := range n {
		l.order = append(l.order, i)
		l.blocks[i] = make([]wanted, g.BlockCount(i))
		for k := range l.blocks[i] {
			l.blocks[i][k].pad = g.IsPad(g.Block(i, k))
		}
	}
	return l
}

func (l *lowest) at(b swarm.Block) *wanted {
	if !l.geometry.Contains(b) {
		return nil
	}
	return &l.blocks[b.Piece][b.Begin/swarm.BlockLen]
}

func (l *lowest) Join(p swarm.Peer, have swarm.Bitfield) {
	b := swarm.NewBitfield(len(l.held))
	copy(b, have)
	l.peers[p] = b
}

func (l *lowest) Have(p swarm.Peer, piece int, has bool) {
	switch b := l.peers[p]; {
	case b == nil || piece < 0 || piece >= len(l.held):
	case has:
		b.Set(piece)
	default:
		b.Clear(piece)
	}
}

func (l *lowest) Leave(p swarm.Peer) {
	if l.peers[p] == nil {
		return
	}
	delete(l.peers, p)
	for i := range l.blocks {
		for k := range l.blocks[i] {
			l.blocks[i][k].forget(p)
		}
	}
}

func (w *wanted) forget(p swarm.Peer) {
	w.asked = slices.DeleteFunc(w.asked, func(q swarm.Peer) bool { return p == q })
}

func (l *lowest) Wants(p swarm.Peer) bool {
	for i, held := range l.held {
		if !held && l.peers[p].Has(i) {
			return true
		}
	}
	return false
}

func (l *lowest) Pick(dst []swarm.Block, a swarm.Ask) []swarm.Block {
	have := l.peers[a.Peer]
	if have == nil {
		return dst
	}
	var order []int
	for _, class := range [...]func(int) bool{
		func(i int) bool { return slices.Contains(a.First, i) },
		func(i int) bool { return l.begun[i] },
		func(int) bool { return true },
	} {
		for _, i := range l.order {
			if !l.held[i] && have.Has(i) && class(i) && !slices.Contains(order, i) &&
				(a.Only == nil || slices.Contains(a.Only, i)) && !(a.Exclusive && l.others(i, a.Peer)) {
				order = append(order, i)
			}
		}
	}
	most, begin := len(dst)+max(0, a.MaxBlocks), a.MaxNewPieces
	for _, i := range order {
		if !l.begun[i] {
			if begin == 0 {
				continue
			}
			begin--
		}
		dst = l.take(dst, most, i, a.Peer, false)
	}
	if len(dst) < most && !l.anyFree() {
		for _, i := range order {
			dst = l.take(dst, most, i, a.Peer, true)
		}
	}
	return dst
}

// take asks p for blocks of a piece; those that others were asked for if again.
func (l *lowest) take(dst []swarm.Block, most, piece int, p swarm.Peer, again bool) []swarm.Block {
	for k := range l.blocks[piece] {
		w := &l.blocks[piece][k]
		if len(dst) == most || w.pad || w.here || (len(w.asked) > 0) != again || len(w.asked) >= 2 || slices.Contains(w.asked, p) {
			continue
		}
		w.asked = append(w.asked, p)
		l.begun[piece] = true
		dst = append(dst, l.geometry.Request(piece, k))
	}
	return dst
}

// others reports whether anyone but p sends or sent blocks of a piece.
func (l *lowest) others(piece int, p swarm.Peer) bool {
	return slices.ContainsFunc(l.blocks[piece], func(w wanted) bool {
		return w.here && w.known && w.from != p || slices.ContainsFunc(w.asked, func(q swarm.Peer) bool { return q != p })
	})
}

// anyFree reports whether some block that some peer has was asked of nobody.
func (l *lowest) anyFree() bool {
	for i := range l.blocks {
		if l.held[i] {
			continue
		}
		there := false
		for _, have := range l.peers {
			there = there || have.Has(i)
		}
		for _, w := range l.blocks[i] {
			if there && !w.pad && !w.here && len(w.asked) == 0 {
				return true
			}
		}
	}
	return false
}

func (l *lowest) Drop(p swarm.Peer, b swarm.Block) {
	if w := l.at(b); w != nil {
		w.forget(p)
	}
}

func (l *lowest) Arrive(dst []swarm.Peer, p swarm.Peer, b swarm.Block) ([]swarm.Peer, bool) {
	w := l.at(b)
	if w == nil || l.peers[p] == nil || w.here || l.held[b.Piece] {
		return dst, false
	}
	w.forget(p)
	dst = append(dst, w.asked...)
	*w = wanted{here: true, from: p, known: true}
	l.begun[b.Piece] = true
	return dst, true
}

func (l *lowest) Held(piece int) {
	l.held[piece], l.begun[piece] = true, true
	for k := range l.blocks[piece] {
		l.blocks[piece][k] = wanted{here: true, pad: l.blocks[piece][k].pad}
	}
}

func (l *lowest) Lose(piece int, blocks []int) {
	if blocks == nil {
		for k := range l.blocks[piece] {
			blocks = append(blocks, k)
		}
	}
	for _, k := range blocks {
		if k < 0 || k >= len(l.blocks[piece]) || !l.blocks[piece][k].here {
			continue
		}
		isPad := l.blocks[piece][k].pad
		l.blocks[piece][k] = wanted{pad: isPad}
		if !isPad {
			l.held[piece] = false
		}
	}
}

func TestLowestIsAPicker(t *testing.T) {
	pickertest.Run(t, func(_ *testing.T, g swarm.Geometry) swarm.Picker { return newLowest(g) })
}
