package pickertest

import (
	"cmp"
	"slices"

	"github.com/shoal-bt/shoal/swarm"
)

func (n *naive) Pick(dst []swarm.Block, a swarm.Ask) []swarm.Block {
	have, ok := n.peers[a.Peer]
	if !ok || n.is("asks for nothing") {
		return dst
	}
	if n.is("loses dst") {
		dst = nil
	}
	left, begin := a.MaxBlocks, a.MaxNewPieces
	if n.is("ignores blocks") {
		left = 1000
	}
	if n.is("picks half") {
		left = (left + 1) / 2
	}
	if n.is("halves runs") && a.RunLength > 0 || n.is("halves spreads") && a.Spread > 0 {
		left /= 2
	}
	for _, i := range n.sorted(a) {
		if !have.Has(i) && !n.is("asks for what peer lacks") || n.held[i] && !n.is("asks for held") ||
			n.priority[i] == 0 && !n.is("asks for unwanted") ||
			a.Only != nil && !slices.Contains(a.Only, i) && !n.is("ignores only") && !(n.is("ignores strange lists") && a.Only[0] < 0) ||
			a.Exclusive && !n.exclusive(i, a.Peer) {
			continue
		}
		if n.untouched(i) && left > 0 {
			if begin--; begin < 0 && !n.is("ignores begin") {
				continue
			}
		}
		for k := range n.g.BlockCount(i) {
			b := n.g.Request(i, k)
			s := n.state[b]
			if left > 0 && s != nil && (!s.here || n.is("asks for arrived")) && len(s.asked) == 0 {
				left--
				if n.is("asks for blocks with pads") {
					b = n.g.Block(i, k)
				}
				dst = append(dst, b)
				if !n.is("forgets what it asked") {
					s.asked = append(s.asked, a.Peer)
				}
			}
		}
	}
	return n.again(dst, a, left)
}

// sorted returns the pieces in the order in which they are asked for.
func (n *naive) sorted(a swarm.Ask) []int {
	var all []int
	for i := range n.g.Pieces() {
		all = append(all, i)
	}
	if n.is("differs from its twin") && n.number%2 == 0 {
		slices.Reverse(all)
	}
	slices.SortStableFunc(all, func(i, j int) int {
		d, e := n.deadline[i], n.deadline[j]
		switch {
		case n.is("ignores deadlines"), d.IsZero() && e.IsZero():
		case d.IsZero():
			return 1
		case e.IsZero():
			return -1
		default:
			return d.Compare(e)
		}
		if f, g := slices.Contains(a.First, i), slices.Contains(a.First, j); f != g && !n.is("ignores first") {
			if f {
				return -1
			}
			return 1
		}
		if n.is("ignores priority") {
			return 0
		}
		return cmp.Compare(n.priority[j], n.priority[i])
	})
	return all
}

// again asks for blocks a second time, in the end game.
func (n *naive) again(dst []swarm.Block, a swarm.Ask, left int) []swarm.Block {
	if a.Exclusive || n.is("has no end game") {
		return dst
	}
	for b, s := range n.state {
		if len(s.asked) == 0 && !s.here && !n.held[b.Piece] && n.priority[b.Piece] > 0 && !n.is("ends too early") {
			for _, have := range n.peers {
				if have.Has(b.Piece) {
					return dst
				}
			}
		}
	}
	for i := range n.g.Pieces() {
		for b := range n.g.Blocks(i) {
			s := n.state[b]
			if left > 0 && len(s.asked) > 0 && (!slices.Contains(s.asked, a.Peer) || n.is("asks one peer twice")) &&
				n.priority[i] > 0 && n.peers[a.Peer].Has(i) && (a.Only == nil || slices.Contains(a.Only, i)) {
				left--
				s.asked = append(s.asked, a.Peer)
				dst = append(dst, b)
			}
		}
	}
	return dst
}

func (n *naive) EndGame() bool {
	free, requested := false, false
	for b, s := range n.state {
		if n.held[b.Piece] || n.priority[b.Piece] == 0 || s.here {
			continue
		}
		requested = requested || len(s.asked) > 0
		for _, have := range n.peers {
			free = free || len(s.asked) == 0 && have.Has(b.Piece)
		}
	}
	switch {
	case n.is("says end game always"):
		return true
	case n.is("says end game never"):
		return false
	case n.is("says end game too early"):
		return requested
	}
	return requested && !free
}

func (n *naive) exclusive(piece int, p swarm.Peer) bool {
	for b := range n.g.Blocks(piece) {
		s := n.state[b]
		if s.here && s.from != p && !n.is("forgets senders") {
			return false
		}
		for _, q := range s.asked {
			if q != p && !n.is("ignores exclusive") {
				return false
			}
		}
	}
	return true
}

func (n *naive) untouched(piece int) bool {
	for b := range n.g.Blocks(piece) {
		if s := n.state[b]; s.here || len(s.asked) > 0 {
			return false
		}
	}
	return true
}
