package pickertest

import "github.com/shoal-bt/shoal/swarm"

// A model is what is true of a torrent, as the calls to its picker tell.
type model struct {
	g        swarm.Geometry
	all      []swarm.Block // all that can be asked for, in order
	blocks   map[swarm.Block]*block
	held     map[int]bool
	priority map[int]int  // where it is not as usual
	urgent   map[int]bool // had a deadline at some time
	touched  map[int]bool // something of it was asked or arrived, or it was held
	peers    map[swarm.Peer]map[int]bool
}

// A block is the state of one block of a piece that is not held.
type block struct {
	here   bool
	sender swarm.Peer
	known  bool // who sender is
	asked  map[swarm.Peer]bool
}

func newModel(g swarm.Geometry) *model {
	m := &model{
		g:        g,
		blocks:   make(map[swarm.Block]*block),
		held:     make(map[int]bool),
		priority: make(map[int]int),
		urgent:   make(map[int]bool),
		touched:  make(map[int]bool),
		peers:    make(map[swarm.Peer]map[int]bool),
	}
	for i := range g.Pieces() {
		for b := range g.Blocks(i) {
			m.all = append(m.all, b)
			m.blocks[b] = &block{asked: make(map[swarm.Peer]bool)}
		}
	}
	return m
}

// wanted reports whether a piece is wanted and not held.
func (m *model) wanted(piece int) bool {
	priority, set := m.priority[piece]
	return !m.held[piece] && (!set || priority > 0)
}

func (m *model) wants(p swarm.Peer) bool {
	for piece := range m.peers[p] {
		if m.wanted(piece) {
			return true
		}
	}
	return false
}

// free reports whether there is a block of a wanted piece that is asked of no one
// and that p has, or any peer if all.
func (m *model) free(p swarm.Peer, all bool) (swarm.Block, bool) {
	for _, b := range m.all {
		s := m.blocks[b]
		if s.here || len(s.asked) > 0 || !m.wanted(b.Piece) {
			continue
		}
		for q, has := range m.peers {
			if (all || q == p) && has[b.Piece] {
				return b, true
			}
		}
	}
	return swarm.Block{}, false
}

// shared returns a peer other than p that sends or sent blocks of a piece.
func (m *model) shared(piece int, p swarm.Peer) (swarm.Peer, bool) {
	for b := range m.g.Blocks(piece) {
		s := m.blocks[b]
		if s.here && s.known && s.sender != p {
			return s.sender, true
		}
		for q := range s.asked {
			if q != p {
				return q, true
			}
		}
	}
	return 0, false
}

func (m *model) join(p swarm.Peer, have swarm.Bitfield) {
	has := make(map[int]bool)
	for i := range m.g.Pieces() {
		if have.Has(i) {
			has[i] = true
		}
	}
	m.peers[p] = has
}

func (m *model) leave(p swarm.Peer) {
	delete(m.peers, p)
	for _, s := range m.blocks {
		delete(s.asked, p)
	}
}

func (m *model) have(p swarm.Peer, piece int, has bool) {
	if m.peers[p] == nil {
		return
	}
	if has {
		m.peers[p][piece] = true
	} else {
		delete(m.peers[p], piece)
	}
}

func (m *model) drop(p swarm.Peer, b swarm.Block) {
	if s := m.blocks[b]; s != nil {
		delete(s.asked, p)
	}
}

// arrive returns the peers that lost the race for b, and whether it was missing.
func (m *model) arrive(p swarm.Peer, b swarm.Block) (map[swarm.Peer]bool, bool) {
	s := m.blocks[b]
	if m.peers[p] == nil || s == nil || s.here || m.held[b.Piece] {
		return nil, false
	}
	losers := s.asked
	delete(losers, p)
	*s = block{here: true, sender: p, known: true, asked: make(map[swarm.Peer]bool)}
	m.touched[b.Piece] = true
	return losers, true
}

func (m *model) hold(piece int) {
	m.held[piece] = true
	m.touched[piece] = true
	for b := range m.g.Blocks(piece) {
		*m.blocks[b] = block{here: true, asked: make(map[swarm.Peer]bool)}
	}
}

func (m *model) lose(piece int, blocks []int) {
	if blocks == nil {
		for n := range m.g.BlockCount(piece) {
			blocks = append(blocks, n)
		}
	}
	for _, n := range blocks {
		if n < 0 || n >= m.g.BlockCount(piece) {
			continue
		}
		if s := m.blocks[m.g.Block(piece, n)]; s != nil && s.here {
			*s = block{asked: make(map[swarm.Peer]bool)}
			m.held[piece] = false
		}
	}
}

// complete reports whether every block of a piece is here.
func (m *model) complete(piece int) bool {
	for b := range m.g.Blocks(piece) {
		if !m.blocks[b].here {
			return false
		}
	}
	return true
}
