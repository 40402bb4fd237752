package pickertest

import (
	"slices"

	"github.com/shoal-bt/shoal/swarm"
)

// A model is the state of a torrent that follows from the calls to its picker.
type model struct {
	g           swarm.Geometry
	all         []swarm.Block // all that can be requested, in order
	blocks      map[swarm.Block]*block
	held        map[int]bool
	priority    map[int]int  // those that were set
	hadDeadline map[int]bool // at some time
	begun       map[int]bool // a block was requested or arrived, or it was held
	peers       map[swarm.Peer]map[int]bool
}

// A block is the state of one block of a piece that is not held.
type block struct {
	arrived  bool // or held
	sender   swarm.Peer
	known    bool                // who sender is
	requests map[swarm.Peer]bool // from which peers it is requested
}

func newModel(g swarm.Geometry) *model {
	m := &model{
		g:           g,
		blocks:      make(map[swarm.Block]*block),
		held:        make(map[int]bool),
		priority:    make(map[int]int),
		hadDeadline: make(map[int]bool),
		begun:       make(map[int]bool),
		peers:       make(map[swarm.Peer]map[int]bool),
	}
	for i := range g.Pieces() {
		for b := range g.Blocks(i) {
			m.all = append(m.all, b)
			m.blocks[b] = &block{requests: make(map[swarm.Peer]bool)}
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

// free reports whether b is missing, of a wanted piece, and requested from nobody.
func (m *model) free(b swarm.Block) bool {
	s := m.blocks[b]
	return !s.arrived && len(s.requests) == 0 && m.wanted(b.Piece)
}

// leastFor returns how many blocks a pick without limits must return at least. Blocks of pieces
// that ever had a deadline may be left for others, but not all if none is requested from the peer.
func (m *model) leastFor(a swarm.Ask) int {
	n, mayLeave, isAsked := 0, 0, false
	for _, b := range m.all {
		isAsked = isAsked || m.blocks[b].requests[a.Peer]
		listed := a.Only == nil || slices.Contains(a.Only, b.Piece)
		switch {
		case !listed || !m.peers[a.Peer][b.Piece] || !m.free(b):
		case m.hadDeadline[b.Piece] && a.Only == nil:
			mayLeave++
		default:
			n++
		}
	}
	if n == 0 && mayLeave > 0 && !isAsked {
		n = 1
	}
	return min(a.MaxBlocks, n)
}

// anyFree returns a free block that some peer has.
func (m *model) anyFree() (swarm.Block, bool) {
	for _, b := range m.all {
		if !m.free(b) {
			continue
		}
		for _, has := range m.peers {
			if has[b.Piece] {
				return b, true
			}
		}
	}
	return swarm.Block{}, false
}

// endGame reports whether the end game is on, as swarm.Picker defines it.
func (m *model) endGame() bool {
	if _, ok := m.anyFree(); ok {
		return false
	}
	for b, s := range m.blocks {
		if len(s.requests) > 0 && m.wanted(b.Piece) {
			return true
		}
	}
	return false
}

// shared returns a peer other than p that sends or sent a block of a piece.
func (m *model) shared(piece int, p swarm.Peer) (swarm.Peer, bool) {
	for b := range m.g.Blocks(piece) {
		s := m.blocks[b]
		if s.arrived && s.known && s.sender != p {
			return s.sender, true
		}
		for q := range s.requests {
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
		delete(s.requests, p)
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
		delete(s.requests, p)
	}
}

// arrive returns the other peers from which b is requested, and whether it was missing.
func (m *model) arrive(p swarm.Peer, b swarm.Block) (map[swarm.Peer]bool, bool) {
	s := m.blocks[b]
	if m.peers[p] == nil || s == nil || s.arrived || m.held[b.Piece] {
		return nil, false
	}
	others := s.requests
	delete(others, p)
	*s = block{arrived: true, sender: p, known: true, requests: make(map[swarm.Peer]bool)}
	m.begun[b.Piece] = true
	return others, true
}

func (m *model) hold(piece int) {
	m.held[piece] = true
	m.begun[piece] = true
	for b := range m.g.Blocks(piece) {
		*m.blocks[b] = block{arrived: true, requests: make(map[swarm.Peer]bool)}
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
		if s := m.blocks[m.g.Request(piece, n)]; s != nil && s.arrived {
			*s = block{requests: make(map[swarm.Peer]bool)}
			m.held[piece] = false
		}
	}
}

// complete reports whether every block of a piece is here.
func (m *model) complete(piece int) bool {
	for b := range m.g.Blocks(piece) {
		if !m.blocks[b].arrived {
			return false
		}
	}
	return true
}
